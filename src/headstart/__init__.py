"""headstart: transfer learning with proof that the reuse helped."""
