"""The ward as physics sees it: power, batteries, paper, toner, packets. Pure: time and chance are passed in."""
