"""Networks for pictures: built, taken to pieces, given their weights, prepared for as their files say."""
