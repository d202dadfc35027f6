package httpd

// Response codes, with nginx's own beyond the standard ones.
const (
	StatusContinue            Result = 100
	StatusSwitchingProtocols  Result = 101
	StatusEarlyHints          Result = 103
	StatusOK                  Result = 200
	StatusCreated             Result = 201
	StatusNoContent           Result = 204
	StatusPartialContent      Result = 206
	StatusMovedPermanently    Result = 301
	StatusFound               Result = 302
	StatusSeeOther            Result = 303
	StatusNotModified         Result = 304
	StatusTemporaryRedirect   Result = 307
	StatusPermanentRedirect   Result = 308
	StatusBadRequest          Result = 400
	StatusUnauthorized        Result = 401
	StatusForbidden           Result = 403
	StatusNotFound            Result = 404
	StatusNotAllowed          Result = 405
	StatusProxyAuthRequired   Result = 407
	StatusRequestTimeout      Result = 408
	StatusConflict            Result = 409
	StatusLengthRequired      Result = 411
	StatusPreconditionFailed  Result = 412
	StatusEntityTooLarge      Result = 413
	StatusURITooLarge         Result = 414
	StatusUnsupportedMedia    Result = 415
	StatusRangeNotSatisfiable Result = 416
	StatusMisdirected         Result = 421
	StatusTooManyRequests     Result = 429
	StatusClose               Result = 444 // close without a response
	StatusHeaderTooLarge      Result = 494 // answered as 400
	StatusCertError           Result = 495 // answered as 400
	StatusNoCert              Result = 496 // answered as 400
	StatusToHTTPS             Result = 497 // answered as 400
	StatusClientClosed        Result = 499 // logged only
	StatusInternalServerError Result = 500
	StatusNotImplemented      Result = 501
	StatusBadGateway          Result = 502
	StatusUnavailable         Result = 503
	StatusGatewayTimeout      Result = 504
	StatusVersionNotSupported Result = 505
	StatusInsufficientStorage Result = 507
)
