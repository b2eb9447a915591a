"""What watchers see of a process."""
