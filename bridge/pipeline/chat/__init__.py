"""Chat: commands, buttons, and what each person may see."""
