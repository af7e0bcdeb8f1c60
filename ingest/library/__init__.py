"""The home folder and the library in it: documents, pages, words and page images."""
