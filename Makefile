PY ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test venv clean
