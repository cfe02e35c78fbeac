"""Networks for texts: tokenizer, network and pooling, read as the library that saved them does."""
