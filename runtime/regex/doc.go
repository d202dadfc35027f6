// Package regex matches nginx's regular expressions: PCRE patterns over bytes.
package regex
