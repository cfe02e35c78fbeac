"""A server of fitted models: the Open Inference Protocol, plain uploads, and a page to try them."""
