# Telnet begins with its options (RFC 854), on any port.
signature iomt_telnet_password {
    ip-proto == tcp
    tcp-state established,responder
    payload /^\xff[\xfb-\xfe](.|\n)*([Pp]assword|PASSWORD|[Pp]asscode) ?:/
    eval Exposure::telnet_asks
}

# Small embedded servers negotiate nothing.
signature iomt_telnet_bare_password {
    ip-proto == tcp
    src-port == 23
    tcp-state established,responder
    payload /^[\x00-\x7f]*([Pp]assword|PASSWORD|[Pp]asscode) ?:/
    eval Exposure::telnet_asks
}

signature iomt_imap_login {
    ip-proto == tcp
    dst-port == 143
    tcp-state established,originator
    payload /^([^\n]*\n)*[!-~]+ ([Ll][Oo][Gg][Ii][Nn]|[Aa][Uu][Tt][Hh][Ee][Nn][Tt][Ii][Cc][Aa][Tt][Ee] ([Pp][Ll][Aa][Ii][Nn]|[Ll][Oo][Gg][Ii][Nn]))[ \r]/
    eval Exposure::imap_login
}
