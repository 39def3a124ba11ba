"""Everything about data: panels, readers, splits, windows and the Lightning DataModules."""
