"""Files of sources: fetched, named by what they hold, and kept in our cache with the library's names."""
