// What a sanitizer wrote into a server's log fails the test that started the server.
export function refuseSanitizerReports(log) {
  const at = log.search(/ERROR: (Address|Leak|Thread)Sanitizer|: runtime error: |LeakSanitizer has encountered/);
  if (at >= 0) throw new Error(`a sanitizer complained:\n${log.slice(at, at + 6000)}`);
}
