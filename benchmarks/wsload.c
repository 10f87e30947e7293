/* wsload: a neutral WebSocket load generator (one thread, epoll), for measuring servers side by side.
 *
 *   wsload HOST PORT TARGETS SECONDS [WARMUP [WINDOW [RAMP [RATE]]]]
 *
 * TARGETS: one connection a line, five tab-separated fields:
 *   path  subprotocol|-  init|-  template|-  flags
 *   init      comma-separated messages sent after the handshake, each t:HEX or b:HEX (text or binary)
 *   template  a message to send in a closed loop, t:HEX or b:HEX, holding the 26-byte marker
 *             "@@" + 24 digits, overwritten with the send time and the connection's number
 *   flags     letters: f = send init only after the first message from the server
 * A connection with a template keeps WINDOW messages under way: it sends the next when one of its own comes back.
 * With a RATE it sends so many a second instead, whatever comes back.
 * Text "2" is answered with "3" (Engine.IO heartbeat). Pings are answered with pongs.
 * Prints one JSON object: deliveries (marker messages received in the timed part), own (round trips), bytes,
 * messages, latency percentiles in microseconds, opened, closed, connect_s.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct { uint8_t *p; size_t n, cap; } Buf;
typedef struct { uint8_t op; uint8_t *p; size_t n; } Msg;
typedef struct {
  int fd, id, state; /* 0 connecting, 1 handshake, 2 open, 3 closed */
  Buf in, out; size_t in_at, out_at;
  char *path, *proto; Msg init[16]; int ninit; Msg tmpl; size_t mark, idmark; uint64_t asked, due; int first, started;
} Conn;

static Conn *cs; static int n, opened, closed_n, ep, window = 1;
static double rate; static int measuring; static uint64_t deliveries, own, bytes, messages, lat_n, lat_cap; static uint32_t *lat;
static uint64_t now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000ull + t.tv_nsec; }
static void put(Buf *b, const void *p, size_t k) {
  if (b->n + k > b->cap) { b->cap = (b->n + k) * 2 + 256; b->p = realloc(b->p, b->cap); }
  memcpy(b->p + b->n, p, k); b->n += k;
}
static void want(Conn *c, int out) {
  struct epoll_event e = {.events = EPOLLIN | (out ? EPOLLOUT : 0), .data.u32 = c->id};
  epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
}
static void drop(Conn *c) { if (c->state != 3) { if (c->state == 2) closed_n++; c->state = 3; close(c->fd); } }
static void flush(Conn *c) {
  while (c->out_at < c->out.n) {
    ssize_t k = send(c->fd, c->out.p + c->out_at, c->out.n - c->out_at, MSG_NOSIGNAL);
    if (k < 0) { if (errno == EAGAIN) { want(c, 1); return; } drop(c); return; }
    c->out_at += k;
  }
  c->out.n = c->out_at = 0; want(c, 0);
}
static void frame(Conn *c, uint8_t op, const uint8_t *p, size_t k) {
  uint8_t h[14]; size_t i = 0; h[i++] = 0x80 | op;
  if (k < 126) h[i++] = 0x80 | k;
  else if (k < 65536) { h[i++] = 0x80 | 126; h[i++] = k >> 8; h[i++] = k; }
  else { h[i++] = 0x80 | 127; for (int s = 56; s >= 0; s -= 8) h[i++] = (uint64_t)k >> s; }
  uint8_t m[4] = {0x37, 0xfa, 0x21, 0x3d}; memcpy(h + i, m, 4); i += 4; put(&c->out, h, i);
  size_t at = c->out.n; put(&c->out, p, k);
  for (size_t j = 0; j < k; j++) c->out.p[at + j] ^= m[j & 3];
}
static void tick(Conn *c) {
  char t[32]; snprintf(t, sizeof t, "%016llx%08x", (unsigned long long)now(), c->id);
  memcpy(c->tmpl.p + c->mark + 2, t, 24);
  if (c->idmark) { snprintf(t, sizeof t, "%010llu", 1000000000ull + ++c->asked); memcpy(c->tmpl.p + c->idmark, t, 10); }
  frame(c, c->tmpl.op, c->tmpl.p, c->tmpl.n);
}
static uint64_t hex(const uint8_t *p, int k) { uint64_t v = 0; while (k--) { int d = *p++; v = v << 4 | (d <= '9' ? d - '0' : (d | 32) - 'a' + 10); } return v; }
static void go(Conn *c, int all) { do { if (c->started == c->ninit) return; Msg *m = &c->init[c->started++]; frame(c, m->op, m->p, m->n); } while (all); }
static void message(Conn *c, int op, uint8_t *p, size_t k) {
  messages += measuring; bytes += measuring ? k : 0;
  if (op == 1 && k == 1 && *p == '2') { frame(c, 1, (const uint8_t *)"3", 1); return; }
  if (c->first) go(c, 0);
  uint8_t *q = p, *e = p + k;
  while ((q = memmem(q, e - q, "@@", 2)) && e - q >= 26) {
    uint64_t t = hex(q + 2, 16); uint32_t id = hex(q + 18, 8);
    if (measuring) {
      deliveries++;
      if (lat_n < lat_cap) lat[lat_n++] = (now() - t) / 1000;
    }
    if (id == (uint32_t)c->id) { own += measuring; if (!rate) tick(c); }
    q += 26;
  }
}
static void readable(Conn *c) {
  uint8_t tmp[65536]; ssize_t k;
  for (int rounds = 0; rounds < 4; rounds++) {
    k = recv(c->fd, tmp, sizeof tmp, 0);
    if (k < 0) { if (errno == EAGAIN) break; drop(c); return; }
    if (!k) { drop(c); return; }
    put(&c->in, tmp, k); if (k < (ssize_t)sizeof tmp) break;
  }
  if (c->state == 1) {
    uint8_t *e = memmem(c->in.p, c->in.n, "\r\n\r\n", 4); if (!e) return;
    if (memcmp(c->in.p, "HTTP/1.1 101", 12)) { fprintf(stderr, "refused: %.200s\n", c->in.p); drop(c); return; }
    c->in_at = e + 4 - c->in.p; c->state = 2; opened++; if (!c->first) go(c, 1);
  }
  while (c->state == 2) {
    uint8_t *p = c->in.p + c->in_at; size_t a = c->in.n - c->in_at, h = 2; if (a < 2) break;
    uint64_t len = p[1] & 127;
    if (len == 126) { if (a < 4) break; len = p[2] << 8 | p[3]; h = 4; }
    else if (len == 127) { if (a < 10) break; len = 0; for (int i = 0; i < 8; i++) len = len << 8 | p[2 + i]; h = 10; }
    if (a < h + len) break;
    int op = p[0] & 15;
    if (op == 9) frame(c, 10, p + h, len); else if (op == 8) { drop(c); return; } else if (op < 3) message(c, op, p + h, len);
    c->in_at += h + len;
  }
  if (c->in_at == c->in.n) c->in.n = c->in_at = 0;
  else if (c->in_at > 1 << 16) { memmove(c->in.p, c->in.p + c->in_at, c->in.n - c->in_at); c->in.n -= c->in_at; c->in_at = 0; }
  if (c->state == 2 && c->out.n > c->out_at) flush(c);
}
static Msg parse(char *s) {
  Msg m = {.op = s[0] == 't' ? 1 : 2}; s += 2; size_t k = strlen(s) / 2; m.p = malloc(k + 1); m.n = k;
  for (size_t i = 0; i < k; i++) m.p[i] = hex((uint8_t *)s + 2 * i, 2);
  return m;
}
static int cmp(const void *a, const void *b) { uint32_t x = *(uint32_t *)a, y = *(uint32_t *)b; return x < y ? -1 : x > y; }
static void poll_once(int ms) {
  struct epoll_event ev[512]; int k = epoll_wait(ep, ev, 512, ms);
  for (int i = 0; i < k; i++) {
    Conn *c = &cs[ev[i].data.u32]; if (c->state == 3) continue;
    if (c->state == 0) {
      int err = 0; socklen_t l = sizeof err; getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &l); if (err) { drop(c); continue; }
      char r[4096]; int k2 = snprintf(r, sizeof r, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s%s\r\n", c->path, c->proto ? "Sec-WebSocket-Protocol: " : "", c->proto ? c->proto : "", c->proto ? "\r\n" : "");
      put(&c->out, r, k2); c->state = 1; flush(c);
    } else {
      if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(c);
      if (c->state != 3 && ev[i].events & EPOLLOUT) flush(c);
    }
  }
}
static void paced(int ms) {
  poll_once(rate ? 1 : ms); if (!rate) return;
  uint64_t t = now();
  for (int i = 0; i < n; i++) {
    Conn *c = &cs[i]; if (c->state != 2 || !c->tmpl.n || c->due > t) continue;
    c->due += 1e9 / rate; tick(c); flush(c);
  }
}
int main(int argc, char **argv) {
  if (argc < 5) { fprintf(stderr, "usage: wsload HOST PORT TARGETS SECONDS [WARMUP [WINDOW [RAMP [RATE]]]]\n"); return 2; }
  double secs = atof(argv[4]), warm = argc > 5 ? atof(argv[5]) : 1; if (argc > 6) window = atoi(argv[6]);
  int ramp = argc > 7 ? atoi(argv[7]) : 64; rate = argc > 8 ? atof(argv[8]) : 0; struct rlimit rl = {65536, 65536}; setrlimit(RLIMIT_NOFILE, &rl);
  FILE *f = fopen(argv[3], "r"); char *line = 0; size_t cap = 0; int room = 0; if (!f) { perror(argv[3]); return 2; }
  while (getline(&line, &cap, f) > 0) {
    line[strcspn(line, "\n")] = 0; char *s = strdup(line), *fl[5] = {"", "-", "-", "-", "-"}; int i = 0;
    for (char *w; i < 5 && (w = strsep(&s, "\t")); i++) fl[i] = w;
    if (n == room) { room = room * 2 + 64; cs = realloc(cs, room * sizeof *cs); }
    Conn *c = &cs[n]; memset(c, 0, sizeof *c); c->id = n++; c->fd = -1; c->path = strdup(fl[0]); c->proto = *fl[1] == '-' ? 0 : strdup(fl[1]);
    if (*fl[2] != '-') { char *l = fl[2]; for (char *w; (w = strsep(&l, ",")) && c->ninit < 16;) c->init[c->ninit++] = parse(w); }
    if (*fl[3] != '-') { c->tmpl = parse(fl[3]); uint8_t *q = memmem(c->tmpl.p, c->tmpl.n, "@@", 2); if (!q) { fprintf(stderr, "no marker\n"); return 2; } c->mark = q - c->tmpl.p; q = memmem(c->tmpl.p, c->tmpl.n, "1000000000", 10); c->idmark = q ? q - c->tmpl.p : 0; }
    c->first = strchr(fl[4], 'f') != 0;
  }
  lat_cap = 20000000; lat = malloc(lat_cap * 4); ep = epoll_create1(0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))}; inet_pton(AF_INET, argv[1], &a.sin_addr);
  uint64_t t0 = now(); int started = 0, settled = 0; uint64_t deadline = t0 + 120000000000ull;
  while (now() < deadline) {
    while (started < n && started - settled < ramp) {
      Conn *c = &cs[started++]; c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.u32 = c->id}; epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e); connect(c->fd, (void *)&a, sizeof a);
    }
    poll_once(10); settled = 0; for (int i = 0; i < started; i++) settled += cs[i].state >= 2;
    if (settled == n) break;
  }
  double connect_s = (now() - t0) / 1e9; uint64_t end = now() + 1000000000ull; while (now() < end) poll_once(20);
  for (int i = 0; i < n; i++) if (cs[i].state == 2 && cs[i].tmpl.n) { cs[i].due = now() + (rate ? (uint64_t)(1e9 / rate * i / n) : 0); for (int w = 0; w < window && !rate; w++) tick(&cs[i]); flush(&cs[i]); }
  end = now() + (uint64_t)(warm * 1e9); while (now() < end) paced(5);
  fprintf(stderr, "BEGIN\n"); fflush(stderr); measuring = 1; uint64_t t1 = now(); end = t1 + (uint64_t)(secs * 1e9); while (now() < end) paced(5);
  double took = (now() - t1) / 1e9; measuring = 0; fprintf(stderr, "END\n");
  qsort(lat, lat_n, 4, cmp);
#define P(x) (lat_n ? lat[(size_t)((lat_n - 1) * x)] : 0)
  printf("{\"connections\": %d, \"opened\": %d, \"closed\": %d, \"connect_s\": %.3f, \"seconds\": %.3f, \"deliveries\": %llu, \"own\": %llu, \"messages\": %llu, \"bytes\": %llu, \"p50_us\": %u, \"p99_us\": %u, \"max_us\": %u}\n",
    n, opened, closed_n, connect_s, took, (unsigned long long)deliveries, (unsigned long long)own, (unsigned long long)messages, (unsigned long long)bytes, P(0.5), P(0.99), P(1.0));
  return opened == n ? 0 : 1;
}
