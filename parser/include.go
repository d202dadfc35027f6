package parser

import "strings"

// Include returns the names of the files that an include directive with the
// argument arg (its cooked value) stands for, in nginx's order. A relative name
// follows confPrefix, which ends in "/": the folder of the main file, not that of
// the file that holds the directive. With any of * ? [ in it the name is a
// pattern for glob(3), and it is no error if no file matches; else it is the name
// of one file, and whether that exists shows when it is loaded.
//
// The error is always nil: nginx fails here only for want of memory.
func Include(arg, confPrefix string) ([]string, error) {
	return IncludeFrom(arg, confPrefix, Glob)
}

// IncludeFrom is Include with something else that finds the names for a pattern.
func IncludeFrom(arg, confPrefix string, glob func(pattern string) []string) ([]string, error) {
	name := cString(FullName(arg, confPrefix))
	if !strings.ContainsAny(name, "*?[") {
		return []string{name}, nil
	}
	return glob(name), nil
}

// FullName returns name if it begins with "/", else name put behind prefix, as
// nginx does with all names in a configuration.
func FullName(name, prefix string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return prefix + name
}
