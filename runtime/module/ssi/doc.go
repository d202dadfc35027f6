// Package ssi is nginx's ngx_http_ssi_module: commands in the text of responses
// (server side includes) are carried out.
//
//	location / {
//		ssi on;
//	}
//
// A document then may say
//
//	<!--#set var="title" value="Welcome to $host" -->
//	<!--#include virtual="/header.html" -->
//	<!--#if expr="$arg_lang = /^(de|fr)/" --><!--#include file="$1.html" -->
//	<!--#else --><!--#echo var="title" -->
//	<!--#endif -->
//
// The commands are block, config, echo, if (with elif, else and endif), include (with
// set, stub and wait) and set. Includes are subrequests that run concurrently; their
// output comes in the order of the document. As in nginx the document is processed
// further while they run, so what an included document sets can be seen behind it
// only with wait="yes".
//
// Different from nginx: a response does not end when a filter gets an empty buffer (an
// empty errmsg, a converted character at the beginning of an included response). A
// command is found also where it spans two pieces of a response; nginx can lose the
// beginning of a comment there.
//
// The values of set commands have at most 8 MB in all per client request. nginx has no
// bound: a document can double the length of a variable any number of times.
//
// Not supported: nothing that nginx has. An if command within another is
// refused in nginx, too.
package ssi
