"""Roads as they are on some day: rush hour, closures, works, a new link."""
