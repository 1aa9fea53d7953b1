"""Serverless functions as options: one request a call, or batches from a buffer, kept ready or not, whole or in parts."""
