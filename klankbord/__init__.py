"""Klankbord: the open webcare and awareness platform for public bodies."""
