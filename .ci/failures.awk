# Reads what "go test -v" printed, and prints what each test that failed had printed itself, then the failures outside of
# tests: packages that do not build, panics, messages of make. What tests that passed printed is left out.

# keep NAME LINE: at most 60 lines from the start of each test and 60 from its end are kept.
function keep(name, line) {
    count[name]++
    if (count[name] <= 60) head[name] = head[name] line "\n"
    else last[name, count[name] % 60] = line
}

function show(name, i, first) {
    printf "%s", head[name]
    first = count[name] - 59
    if (first > 61) printf "[%d lines left out]\n", first - 61
    for (i = first > 61 ? first : 61; i <= count[name]; i++) print last[name, i % 60]
}

function forget(name) {
    delete head[name]
    delete count[name]
}

/^=== (RUN|PAUSE|CONT|NAME) / { current = $3; seen[current] = 1; next }

/^ *--- (PASS|FAIL|SKIP): / {
    if ($2 == "FAIL:") { print; show($3) }
    forget($3)
    delete seen[$3]
    next
}

# The end of a package. A test that has not ended by then is the one that the package ended in.
/^(ok|FAIL|\?|---)[ \t]/ {
    for (name in seen) {
        if ($1 == "FAIL" && count[name] > 0) { print "--- NOT ENDED: " name; show(name) }
        forget(name)
    }
    split("", seen)
    if ($1 == "FAIL") print
    current = ""
    next
}

/^(PASS|FAIL)$/ { current = ""; next }

{ keep(current, $0) }

END { show("") }
