"""How an organisation looks: its own design tokens and logo, checked, and written as a style sheet."""
