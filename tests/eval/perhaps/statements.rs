//! The statements that random DAG files are made of.

/// Statements, with an empty line after each. `$rule` is one of the choices of that rule, and `$rule<x>` one whose `$x`
/// is `x`; `$b` is a number of this statement alone, and `$new` one that stands nowhere else. What has several lines is
/// indented as the line it comes to stand in.
pub(super) const STATEMENTS: &str = r"
[$call<i> for i in $it if $each<i>]

for i in $it:
    $loop<i>

if $cond:
    $block
$otherwise

list($call<i> for i in $it if $each<i>)

{i: $call<i> for i in $it if $each<i>}

$quantifier($call<i> for i in $it if $each<i>)

next(($call<i> for i in $it if $each<i>), None)

list(map($fn, [x + $b for x in $it]))

$cond and $call<0>

$call<0> if $cond else $call<0>

def g$b():
    for i in $it:
        if $each<i>: yield $call<i>
        $call<i>
$drain

fs = [mk]
if $cond: fs.append(nk)
for f in fs: f($b)

fs = {'x': mk}
if $cond: fs['y'] = nk
for j, f in enumerate(fs.values()): f($b + j)

xs = []
for i in $it:
    if $each<i>: xs.append($b + i)
for x in xs: mk(x)

try:
    if $cond: raise ValueError(1)
    $call<0>
except ValueError:
    $call<0>

i = 0
while i < 3:
    i += 1
    if $each<i % 3>: $leave
    mk($b + i)

def h$b(x):
    if $cond: return $call<x>
    $call<x>
    return None
h$b(1)

S['v'] = 's$b' if $cond else S['v']

[S.update(v=f'u$b{i}') for i in $it if $each<i>]

L.extend(i for i in $it if $each<i>)

for o in [o for o in OBJ if $cond]: o.go($b)

for o in (OBJ if $cond else OBJ[:1]): o.go($b)

it = iter([$b, $b + 1, $b + 2])
for i in it:
    if $cond: mk(next(it, $b + 3))

[[mk($b + 3 * i + j) for j in $it if $each<j>] for i in $it if $each<i>]

kw = {k: v for k, v in {'i': $b, 'z': None}.items() if v is not None and ($cond or k == 'i')}
(mk if $cond else nk)(**kw)

with contextlib.suppress(KeyError):
    if $cond: {}['q']
    $call<0>

def g$b():
    yield $call<0>
    yield from ($call<i> for i in $it if $each<i>)
    if $cond: return
    yield $call<0>
for t in g$b(): pass

class X$b(C if $cond else D): pass
X$b().go($b)

match $env:
    case 'x': $call<0>
    case _: $call<0>

for i in $it:
    if $each<i>: break
    $call<i>
else:
    $call<0>

for j, i in enumerate($it): mk($b + j)

for f, i in zip([mk, nk, mk], $it): f($b + i)

functools.reduce(lambda a, i: $call<i> if $each<i> else a, $it, None)

if $cond: S['v'] = 'q'
if S['v'] == 'q': $call<0>
else: $call<0>

for x in list(L): nk($b * 100 + x * 7)
L.clear()

xs = [$b, $b + 1, $b + 2]
if $cond: xs.pop()
if $cond: xs.remove($b)
for x in xs: mk(x)

def deco(f):
    return f if $cond else (lambda x: nk(x + 1))
@deco
def z$b(x): return mk(x)
z$b($b)

def r$b(n):
    $call<n>
    if n < 2 and $each<n>: r$b(n + 1)
r$b(0)

try:
    $call<0>
    {'x': 1}[$env]
    $call<0>
except KeyError:
    $call<0>
finally:
    $call<0>

x = $env or 'e'
if x == 'e': $call<0>
else: $call<0>

[y for i in $it if (y := E[f'A{i}']) and $call<i>]

{$call<i>.task_id for i in $it if $each<i>}

for i in range(3)[$env == 'x':]: mk($b + i)

def v$b(*fs, **ks):
    for f in fs: f($b)
    for j, f in ks.items(): f($b + 3)
v$b(*([mk] if $cond else []), **({'f': nk} if $cond else {}))

o = C($b) if $cond else D($b)
if $cond: o.b += 5
o.go(1)

o = C($b)
if $cond: o.f = nk
getattr(o, 'f', mk)($b)

fs = dict(x=mk)
fs.update({'y': nk} if $cond else {})
for f in fs.values(): f($b)

fs = [(j, mk) for j in $it if $each<j>]
for j, f in fs: f($b + j)

a, f = ($b, mk) if $cond else ($b + 1, nk)
f(a)

f = None
for i in $it:
    if $each<i>: f = mk
if f: f($b)

def mkr(n): return (lambda x: mk(x + n)) if $cond else nk
mkr(1)($b)

@contextlib.contextmanager
def m$b():
    $call<0>
    yield
    if $cond: $call<0>
with m$b(): $call<0>

for t in map(lambda i: $call<i> if $each<i> else None, $it): pass

len([1 for i in $it if $each<i>]) > 1 and $call<0>

xs = [i for i in $it if $each<i>]
while xs:
    mk($b + xs.pop())

for x in sorted(OBJ, key=lambda o: $env): x.go($b)
";

/// Statements that go over sets of texts, whose order differs from run to run.
pub(super) const ORDERS: &str = r"
for x in $texts: tk($b, x)

for x in $texts:
    $loop<N[x]>

for n, x in enumerate($texts): tk($b, x, n)

for n, x in enumerate($texts): tk($b, n, x)

for x in list(set($texts)): tk($b, x, x)

for n, x in enumerate(sorted($texts)): tk($b, n, x)

for n, x in enumerate(sorted($texts, key=len)): tk($b, n, x)

s = set($texts)
while s:
    x = s.pop()
    tk($b, x, len(s))

s = set($texts)
while s and $cond: tk($b, s.pop())
tk($b, 'left', len(s))

tk($b, next(iter($texts), 'none'))

tk($b, 'joined', '-'.join($texts))

tk($b, 'sum', functools.reduce(lambda a, x: a + x, $texts, ''))

tk($b, 'star', *$texts)

tk($b, 'least', min($texts, default='none'), len($texts))

tk($b, max($texts | {'q'}, key=len))

d = {}
for x in $texts: d[x] = len(d)
for x, n in d.items(): tk($b, x, n)

{x: tk($b, x, n) for n, x in enumerate($texts)}

for x in $texts:
    for y in $texts:
        if x != y: tk($b, x + y)

{tk($b, x).task_id for x in $texts if $each<N[x]>}

list(tk($b, x) for x in $texts if $each<N[x]>)

$quantifier(tk($b, x) for x in $texts if $each<N[x]>)

list(map(lambda x: tk($b, x), filter(lambda x: $each<N[x]>, $texts)))

for x in $texts: S['v'] = x

for x in $texts:
    if $each<N[x]>: S['v'] = x
if S['v'] == 'p': $call<0>

L.extend(N[x] for x in $texts if $each<N[x]>)

for x in $texts:
    if $each<N[x]>: $leave
    tk($b, x)

for x in $texts:
    tk($b, x)
    if $each<N[x]>: break
else: $call<0>

s = {'p'}
if $cond: s.add('q')
if $cond: s.add('rr')
for x in s: tk($b, x, len(s))

s = set()
for i in $it:
    if $each<i>: s.add('q' if i else 'p')
for x in s: tk($b, x, *s)

s = set($texts)
if $cond: s.discard('p')
tk($b, 'some', len(s), *sorted(s))

for x in $texts | $texts: tk($b, x)

for x in $texts - $texts: tk($b, x)

for n, x in enumerate($texts ^ $texts): $call<n>

for x, n in dict.fromkeys($texts, 0).items(): tk($b, x, n)

for x, n in zip($texts, range(2)): tk($b, x, n)

x, *xs = $texts | {'p'}
tk($b, x, *xs)

x, y = {'p', 'q'}
tk($b, x, y)

def first$b(s):
    for x in s:
        if $each<N[x]>: return x
    return 'none'
tk($b, first$b($texts))

def g$b(s=$texts):
    for x in s:
        if $each<N[x]>: continue
        yield tk($b, x)
$drain

if next(iter($texts), 'p') == 'p': $call<0>
else: $call<0>

for x in [x for x in $texts if x in $texts and $each<N[x]>]: tk($b, x)

xs = list($texts)
if $cond: xs.reverse()
for n, x in enumerate(xs): tk($b, x, n)

xs = []
for x in $texts:
    if x not in xs and $each<N[x]>: xs.append(x)
tk($b, 'kept', *xs)

try:
    for x in $texts:
        if $each<N[x]>: raise KeyError(x)
        tk($b, x)
except KeyError as error: tk($b, 'e' + error.args[0])

for x in $texts: {'p': mk, 'q': nk}.get(x, mk)($b + N[x])

x = None
for x in $texts: pass
if x == 'p': $call<0>
";

/// Statements that leave something behind in one round of a loop for the next.
pub(super) const ROUNDS: &str = r"
xs = []
for i in $it:
    xs.append(i)
    tk($b, i, *xs)

functools.reduce(lambda n, i: tk($b, i, n) and n + 1, $it, 0)

is_first = True
for i in $it:
    if is_first: tk($b, i)
    is_first = False

n = 0
for i in $it:
    if $each<i>: n += 1
    tk($b, i, n)

n = 0
for x in $texts:
    n += 1
    tk($b, x, n)

d = {x: mk for x in $texts}
for n, f in enumerate(d.values()): f($b + n)

n = 0
for i in $it:
    n += 1
    tk($b, i, n)

last = 'none'
for i in $it:
    tk($b, i, last)
    last = i
tk($b, 'last', last)

xs = [9]
for i in $it: tk($b, i, xs.pop() if xs else 8)

d = {}
for i in $it:
    d[i] = len(d)
    tk($b, i, d[i])
tk($b, 'all', len(d))

for i in $it:
    tk($b, i, S['v'])
    S['v'] = f'r{i}'

count = itertools.count()
for i in $it: tk($b, i, next(count))

it = iter([7, 8, 9])
for i in $it: tk($b, i, next(it))

def g$b():
    n = 0
    for i in $it:
        n += 1
        yield tk($b, i, n)
$drain

o = C()
for i in $it:
    o.b += 1
    tk($b, i, o.b)

def next$b(seen=[]):
    seen.append(0)
    return len(seen)
[tk($b, i, next$b()) for i in $it if $each<i>]

n = 0
while n < 3 and $each<n>:
    n += 1
    tk($b, n, n)
tk($b, 'n', n)

L.clear()
for i in $it:
    L.append(i)
    tk($b, i, len(L))

n = 0
for i in $it:
    n += 1
    if n == 2: tk($b, i)

if $cond: tk($b, 'same', 1)
else: tk($b, 'same', 2)

if $cond: tk($b, 'same', 1)
elif $cond: tk($b, 'same', 2)
else: tk($b, 'same', 1)

if $cond:
    if $cond: tk($b, 'same', 1)
else:
    if $cond: tk($b, 'same', 1)

(mk if $cond else functools.partial(mk))($b)

T = K if $cond else K2
T(task_id='k$b', name='n', image='k', arguments=[S['v']])

def h$b(x):
    if $cond: y = x
    z = locals()
    x, w = 'later', z.pop('y', 'none')
    for n in sorted(z): tk($b, n, z[n], w)
h$b(1)

if $cond: d, v = {'a': mk($b)}, 1
else: d, v = {'a': mk($b)}, 2
for i in d: tk($b, i, v, d[i].task_id)

def g$b():
    token = 'first'
    while token:
        yield token
        token = E['A0'] if token == 'first' else None
for i, x in enumerate(g$b()): tk($b, i, x)

n$b = [0]
def more$b():
    n$b[0] += 1
    tk($b, n$b[0])
    return n$b[0] < 3 and $cond
while more$b(): pass
tk($b, 'n', n$b[0])

it = iter([1, 2, 3])
v = None
while (v := next(it, None)) and $cond: L.append(v)
tk($b, 'v', v, *it)

0 < len(E['A0']) < $call<0>.task_id.count('t') < 9

def h$b(x, y='d', *rest): tk($b, x, y, *rest)
h$b(*[z for z in ['p'] if $cond], 'q')

def h$b(x=1, y=2): tk($b, 'h', x, y)
kw = {}
if $cond: kw['x'] = 9
try: h$b(5, **kw)
except TypeError: tk($b, 'e')
h$b(**kw) if 'y' in kw else None

try:
    if $cond: raise KeyError(1)
    raise ValueError(2)
except KeyError: tk($b, 'k')
except ValueError as e: tk($b, 'v', e)

def r$b():
    if $cond: raise KeyError(1)
    S['r'] = $b
    raise LookupError(2)
try: r$b()
except KeyError: tk($b, 'k', S.get('r'))
except LookupError: tk($b, 'l', S.get('r'))

Err = ValueError if $cond else KeyError
try: raise ValueError
except Err: tk($b, 'e')
except Exception: tk($b, 'o')

rows = [{'n': c, 'v': 'old'} for c in 'ab']
for r in rows[len(E['A0']):]: r['v'] = 'new'
tk($b, 'r', rows[0]['v'], rows[1]['v'])

rows = [{'n': c, 'v': 'old'} for c in 'ab']
next((r for r in rows if r['n'] == E['A0']), rows[0])['v'] = 'new'
tk($b, 'r', rows[0]['v'], rows[1]['v'])

rows = [{'n': c, 'v': 'old'} for c in 'ab']
for r in [r for r in rows if r['n'] != E['A0'] and $cond] + []: r['v'] = 'new'
tk($b, 'r', rows[0]['v'], rows[1]['v'])

rows = [{'n': c, 'v': 'old'} for c in 'ab']
min(rows, key=lambda r: r['n'] != E['A0'])['v'] = 'new'
tk($b, 'r', rows[0]['v'], rows[1]['v'])

ts = [tk($b, x, 'old') for x in 'ab']
for t in ts[len(E['A0']):]: t.arguments = ['new']

for f in [mk, nk][len(E['A0']):]: f($b)

next((f for f in (mk, nk) if f.__name__ == E['A0']), nk)($b)

for f in list((lambda c=c: tk($b, c)) for c in 'ab' if c != E['A0']): f()

for f in [*[f for f in [mk] if $cond], nk]: f($b)
";
