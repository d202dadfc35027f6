// Package spool keeps a stream of bytes between a writer and a reader that is slower: in memory up to a number of pieces,
// and then in a file. A response that is read ahead of its client lies in one (nginx: *_buffers, *_max_temp_file_size), and
// one that is stored in the cache at the same time is read from the file of its entry.
//
//	s := &spool.Spool{Limits: spool.Limits{Pieces: 8, Size: 4096, File: 1 << 30}, Create: tempFile}
//	go func() { // the writer
//		for { … if !s.Push(b, n) { return } }
//		s.End(io.EOF)
//	}()
//	var p spool.Piece
//	for s.Take(&p) == nil { … } // the reader
//
// The reader takes the bytes once and in their order. The writer waits where memory and file are full.
package spool
