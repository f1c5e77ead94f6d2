//! A dataset for others to ask: Arrow Flight SQL, HTTP and a page to look at it.
