"""A run's model as a folder that timm, transformers and sentence-transformers open by their own doors."""
