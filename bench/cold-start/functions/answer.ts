export function answer() {
  return { statusCode: 201, headers: { 'content-type': 'application/json' }, body: '{"lineId":"l1"}' };
}
