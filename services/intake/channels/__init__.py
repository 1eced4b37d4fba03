"""Other ways in than the reporter's own: operators of the hotline and the counter, cameras."""
