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
// Where nginx gives a response up because a filter was handed an empty buffer
// (an empty errmsg, a converted character at the beginning of an included
// response), it goes on here. A command is found wherever the pieces of a
// response are cut; nginx can lose the beginning of a comment there.
//
// What variables are replaced to is bounded by 8 MB for a client's request, which
// nginx does not do: a document can double a variable as often as it likes.
//
// Not supported: nothing that nginx has. An if command within another is
// refused there, too.
package ssi
