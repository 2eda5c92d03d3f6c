//! Request bodies of every kind, and servers that do not want them.
