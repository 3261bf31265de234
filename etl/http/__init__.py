"""Talking to REST services over HTTP: for extract.http and load.http."""
