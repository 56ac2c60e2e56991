# SPDX-License-Identifier: GPL-2.0-only
set terminal svg size 640,420
set output picture
set logscale xy
set key outside right
set xlabel "VMAs"
set ylabel "microseconds an operation"
set datafile separator "\t"
stats data skip 1 nooutput
plot for [i=2:STATS_columns] data using 1:i with linespoints title columnheader(i)
