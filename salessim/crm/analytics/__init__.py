"""What a log says about its funnel: conversion, durations, velocity, ageing, slippage, waterfall, cohorts, people."""

from salessim.crm.analytics.funnel import Funnel, funnel

__all__ = ["Funnel", "funnel"]
