// A very fast OpenAI-compatible provider for the benchmark: one epoll thread, nothing allocated per token.
//   cc -O2 -o mock_upstream mock_upstream.c && ./mock_upstream -p 9100
// How it answers is said by a directive in the request, as for the simulator of this product:
//   "[[simulate tokens=200 tps=50 ttft_ms=5 stamp]]"
// tokens: length of the answer (20); tps: tokens per second, 0 is flat out (0): then one write per token, the
// streams in turn; ttft_ms: before the first token (0); stamp: each token is the time of its making, in
// microseconds of the monotonic clock modulo 1e9, so that a client on this machine can tell its lag.
// GET /_stats: totals since start, and when the last connection was lost amid an answer (microseconds of that
// clock).  Anything else is answered as a chat completion.  Loopback only.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

typedef struct { double ttft_ms, gap_ms; int tokens, stamp; } Directive;
static struct { long requests, streams, chunks, done, connections, aborted, aborted_us; } totals;

typedef struct Conn {
  int fd, heap;              // heap: index in the timer heap, -1 when none
  uint64_t due;              // ns
  char *in; int in_len, in_cap;
  char *out; int out_len, out_off, out_cap;
  int want_out, busy, stream, usage, left, first, close_after;
  Directive c;
  char tok[512]; int tok_len;
} Conn;

static int ep, tfd;
static Conn **heap; static int hn, hcap;
static uint64_t now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000ull + t.tv_nsec; }

static void hset(int i, Conn *c) { heap[i] = c; c->heap = i; }
static void up(int i) { Conn *c = heap[i]; while (i) { int p = (i - 1) / 2; if (heap[p]->due <= c->due) break; hset(i, heap[p]); i = p; } hset(i, c); }
static void down(int i) { Conn *c = heap[i]; for (;;) { int k = 2 * i + 1; if (k >= hn) break; if (k + 1 < hn && heap[k + 1]->due < heap[k]->due) k++; if (heap[k]->due >= c->due) break; hset(i, heap[k]); i = k; } hset(i, c); }
static void hpush(Conn *c, uint64_t due) { c->due = due; if (c->heap >= 0) return; if (hn == hcap) heap = realloc(heap, (hcap = hcap ? hcap * 2 : 256) * sizeof *heap); heap[hn] = c; c->heap = hn; up(hn++); }
static void hdel(Conn *c) { int i = c->heap; if (i < 0) return; c->heap = -1; if (i == --hn) return; hset(i, heap[hn]); down(i); up(i); }

static void put(Conn *c, const char *b, int n) {
  if (c->out_off == c->out_len) c->out_off = c->out_len = 0;
  if (c->out_len + n > c->out_cap) c->out = realloc(c->out, c->out_cap = (c->out_len + n) * 2);
  memcpy(c->out + c->out_len, b, n); c->out_len += n;
}
static void drop(Conn *c) { if (c->busy) { totals.aborted++; totals.aborted_us = now() / 1000; } hdel(c); close(c->fd); free(c->in); free(c->out); free(c); }
static int flush(Conn *c) {  // 0: all written or waiting for the peer to read; -1: gone
  while (c->out_off < c->out_len) {
    ssize_t k = send(c->fd, c->out + c->out_off, c->out_len - c->out_off, MSG_NOSIGNAL);
    if (k < 0) { if (errno == EAGAIN) break; if (errno == EINTR) continue; return -1; }
    c->out_off += k;
  }
  int w = c->out_off < c->out_len;
  if (w != c->want_out) { c->want_out = w; struct epoll_event e = {EPOLLIN | (w ? EPOLLOUT : 0), {.ptr = c}}; epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e); }
  return 0;
}
static void reply(Conn *c, const char *body, int n) {
  char h[256];
  int k = snprintf(h, sizeof h, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n", n, c->close_after ? "Connection: close\r\n" : "");
  put(c, h, k); put(c, body, n);
}
#define HEAD "\"id\":\"chatcmpl-mock0123456789\",\"object\":\"chat.completion%s\",\"created\":1760000000,\"model\":\"mock\",\"system_fingerprint\":\"fp_mock\","
static void chunk(Conn *c, const char *b, int n) { char h[16]; int k = sprintf(h, "%x\r\n", n); put(c, h, k); put(c, b, n); put(c, "\r\n", 2); }
static int delta(Conn *c, char *o, int cap, const char *d, const char *fin) {
  return snprintf(o, cap, "data: {" HEAD "\"choices\":[{\"index\":0,\"delta\":%s,\"logprobs\":null,\"finish_reason\":%s}]%s}\n\n", ".chunk", d, fin, c->usage ? ",\"usage\":null" : "");
}
static void full(Conn *c) {
  static char b[1 << 20]; int k = snprintf(b, 512, "{" HEAD "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"", "");
  for (int i = 0; i < c->c.tokens && k < (1 << 20) - 600; i++) { memcpy(b + k, "token ", 6); k += 6; }
  k += snprintf(b + k, 512, "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":%d,\"total_tokens\":%d}}", c->c.tokens, c->c.tokens + 12);
  reply(c, b, k);
}
static void request(Conn *c);
static int finish(Conn *c) { c->busy = 0; totals.done++; if (flush(c)) return -1; if (c->close_after && c->out_off == c->out_len) return -1; request(c); return 0; }
static void token(Conn *c) {
  char text[64];
  if (c->c.stamp) { snprintf(text, sizeof text, "{\"content\":\" %09u\"}", (unsigned)(now() / 1000 % 1000000000)); c->tok_len = delta(c, c->tok, sizeof c->tok, text, "null"); }
  chunk(c, c->tok, c->tok_len); totals.chunks++;
}
static int one(Conn *c) {  // next token, or the end; 1: the stream is over
  if (c->first) {
    char o[640]; c->first = 0;
    chunk(c, o, delta(c, o, sizeof o, "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}", "null"));
    c->tok_len = delta(c, c->tok, sizeof c->tok, "{\"content\":\" token\"}", "null");
  }
  if (c->left-- > 0) token(c);
  if (c->left > 0) return 0;
  char o[640]; chunk(c, o, delta(c, o, sizeof o, "{}", "\"stop\""));
  if (c->usage) chunk(c, o, snprintf(o, sizeof o, "data: {" HEAD "\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\n", ".chunk", c->c.tokens, c->c.tokens + 12));
  chunk(c, "data: [DONE]\n\n", 14); put(c, "0\r\n\r\n", 5);
  return 1;
}
static int tick(Conn *c) {  // its timer fired; -1: gone
  if (!c->stream) { full(c); return finish(c); }
  if (c->out_off < c->out_len) { if (flush(c)) return -1; if (c->want_out) { hpush(c, now() + 1000000); return 0; } }
  if (c->first) { static const char h[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"; put(c, h, sizeof h - 1); }
  if (one(c)) return finish(c);
  if (flush(c)) return -1;
  uint64_t t = now(), nx = c->due + (uint64_t)(c->c.gap_ms * 1e6); hpush(c, c->c.gap_ms > 0 && nx > t ? nx : t + 1);
  return 0;
}
static char *find(char *b, char *end, const char *text) { return memmem(b, end - b, text, strlen(text)); }
static char *key(char *b, char *end, const char *k) {  // the value after "k":, or NULL
  char *p = find(b, end, k); if (!p) return 0;
  for (p += strlen(k); p < end && (*p == ' ' || *p == ':'); p++); return p < end ? p : 0;
}
static double word(char *b, char *end, const char *name, double otherwise) { char *p = find(b, end, name); return p ? atof(p + strlen(name)) : otherwise; }
static Directive directive(char *body, char *end) {
  Directive d = {0, 0, 20, 0};
  char *b = find(body, end, "[[simulate"), *e = b ? find(b, end, "]]") : 0;
  if (!e) return d;
  double tps = word(b, e, "tps=", 0);
  d.gap_ms = tps > 0 ? 1000 / tps : 0; d.ttft_ms = word(b, e, "ttft_ms=", 0); d.tokens = word(b, e, "tokens=", 20); d.stamp = !!find(b, e, "stamp");
  return d;
}
static void answer(Conn *c, char *hd, char *body, int blen) {
  if (!strncmp(hd, "GET /_stats", 11)) {
    char b[256];
    int k = snprintf(b, sizeof b, "{\"requests\":%ld,\"streams\":%ld,\"chunks\":%ld,\"done\":%ld,\"connections\":%ld,\"aborted\":%ld,\"aborted_us\":%ld}", totals.requests, totals.streams, totals.chunks, totals.done, totals.connections, totals.aborted, totals.aborted_us);
    reply(c, b, k); finish(c); return;
  }
  totals.requests++;
  char *end = body + blen, *v;
  c->c = directive(body, end);
  c->stream = (v = key(body, end, "\"stream\"")) && *v == 't';
  if (!c->stream) { double d = c->c.ttft_ms + c->c.gap_ms * c->c.tokens; if (d <= 0) { full(c); finish(c); } else hpush(c, now() + (uint64_t)(d * 1e6)); return; }
  totals.streams++;
  c->usage = (v = key(body, end, "\"include_usage\"")) && *v == 't';
  c->left = c->c.tokens; c->first = 1;
  hpush(c, now() + (uint64_t)(c->c.ttft_ms * 1e6));
}
static char *hdr(char *h, char *e, const char *name) {
  int n = strlen(name);
  for (char *p = h; p && p < e; p = memchr(p, '\n', e - p), p = p ? p + 1 : 0) if (!strncasecmp(p, name, n) && p[n] == ':') { p += n + 1; while (*p == ' ') p++; return p; }
  return 0;
}
static void request(Conn *c) {  // take one whole request from the input buffer, if there is one
  if (c->busy || !c->in_len) return;
  c->in[c->in_len] = 0;
  char *e = memmem(c->in, c->in_len, "\r\n\r\n", 4); if (!e) return;
  e += 4; char *cl = hdr(c->in, e, "content-length"), *te = hdr(c->in, e, "transfer-encoding"), *cn = hdr(c->in, e, "connection");
  int have = c->in_len - (e - c->in), used, blen = 0; char *body = e;
  if (te && !strncasecmp(te, "chunked", 7)) {
    char *p = e, *o, *end = c->in + c->in_len; char *tmp = 0; long k;
    for (;;) {  // first make sure that all is there
      char *nl = memchr(p, '\n', end - p); if (!nl) return;
      k = strtol(p, 0, 16); p = nl + 1; if (p + k + 2 > end) return; p += k + 2; if (!k) break;
    }
    used = p - c->in; p = e; tmp = o = malloc(p < end ? end - p + 1 : 1);
    for (;;) { char *nl = memchr(p, '\n', end - p); k = strtol(p, 0, 16); p = nl + 1; if (!k) break; memcpy(o, p, k); o += k; p += k + 2; }
    blen = o - tmp; memcpy(e, tmp, blen); free(tmp);
  } else {
    blen = cl ? atoi(cl) : 0;
    if (have < blen) return;
    used = e - c->in + blen;
  }
  c->close_after = cn && !strncasecmp(cn, "close", 5);
  c->busy = 1;
  char *in = c->in; int rest = c->in_len - used; char *keep = 0;
  if (rest) { keep = malloc(rest); memcpy(keep, in + used, rest); }
  c->in_len = 0;
  answer(c, in, body, blen);
  if (rest) { memcpy(c->in, keep, rest); c->in_len = rest; free(keep); if (!c->busy) request(c); }
}
static void take(int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Conn *c = calloc(1, sizeof *c); c->fd = fd; c->heap = -1; c->in = malloc((c->in_cap = 16384) + 1);
    struct epoll_event x = {EPOLLIN, {.ptr = c}}; epoll_ctl(ep, EPOLL_CTL_ADD, fd, &x); totals.connections++;
  }
}
static void serve(int port) {
  int ls = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(ls, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in a = {AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}};
  if (bind(ls, (void *)&a, sizeof a) || listen(ls, 4096)) { perror("mock_upstream: cannot listen"); exit(1); }
  ep = epoll_create1(0); tfd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event e = {EPOLLIN, {.ptr = 0}}, ev[256]; epoll_ctl(ep, EPOLL_CTL_ADD, ls, &e);
  e.data.ptr = &tfd; epoll_ctl(ep, EPOLL_CTL_ADD, tfd, &e);
  uint64_t armed = 0; static Conn *due[65536];
  for (;;) {
    int wait = -1;
    if (hn) { uint64_t t = now(); if (heap[0]->due <= t) wait = 0; else if (armed != heap[0]->due) { armed = heap[0]->due; struct itimerspec it = {{0, 0}, {armed / 1000000000ull, armed % 1000000000ull}}; timerfd_settime(tfd, TFD_TIMER_ABSTIME, &it, 0); } }
    int k = epoll_wait(ep, ev, 256, wait);
    for (int i = 0; i < k; i++) {
      if (!ev[i].data.ptr) take(ls);
      else if (ev[i].data.ptr == &tfd) { uint64_t x; if (read(tfd, &x, 8)) armed = 0; }
      else {
        Conn *c = ev[i].data.ptr;
        if (ev[i].events & EPOLLOUT) { if (flush(c) || (!c->busy && c->close_after && !c->want_out)) { drop(c); continue; } }
        if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
          if (c->in_len == c->in_cap) c->in = realloc(c->in, (c->in_cap *= 2) + 1);
          ssize_t r = recv(c->fd, c->in + c->in_len, c->in_cap - c->in_len, 0);
          if (r == 0 || (r < 0 && errno != EAGAIN)) { drop(c); continue; }
          if (r > 0) { c->in_len += r; request(c); if (!c->busy && c->close_after && !c->want_out) drop(c); }
        }
      }
    }
    uint64_t t = now(); int m = 0;
    while (hn && heap[0]->due <= t && m < 65536) { due[m] = heap[0]; hdel(due[m++]); }
    for (int i = 0; i < m; i++) if (tick(due[i])) drop(due[i]);
  }
}
int main(int ac, char **av) {
  signal(SIGPIPE, SIG_IGN); struct rlimit rl = {65536, 65536}; setrlimit(RLIMIT_NOFILE, &rl);
  serve(ac == 3 && !strcmp(av[1], "-p") ? atoi(av[2]) : 9100);
}
