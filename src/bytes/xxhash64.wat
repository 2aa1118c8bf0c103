;; The stripes of XXH64 (xxhash_spec.md, step 2): all of the work but for the last 31 bytes. Made into bytes by wat2wasm(1) of wabt.
(module
  (memory (export "memory") 1)
  (global $a (export "a") (mut i64) (i64.const 0))
  (global $b (export "b") (mut i64) (i64.const 0))
  (global $c (export "c") (mut i64) (i64.const 0))
  (global $d (export "d") (mut i64) (i64.const 0))

  (func $round (param $lane i64) (param $input i64) (result i64)
    (i64.mul
      (i64.rotl (i64.add (local.get $lane) (i64.mul (local.get $input) (i64.const 0xc2b2ae3d27d4eb4f))) (i64.const 31))
      (i64.const 0x9e3779b185ebca87)))

  ;; Mixes the stripes of 32 bytes that lie in the memory from 0 to $end into the four lanes.
  (func (export "mix") (param $end i32)
    (local $at i32) (local $a i64) (local $b i64) (local $c i64) (local $d i64)
    (local.set $a (global.get $a))
    (local.set $b (global.get $b))
    (local.set $c (global.get $c))
    (local.set $d (global.get $d))
    (block $done
      (loop $stripe
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $a (call $round (local.get $a) (i64.load (local.get $at))))
        (local.set $b (call $round (local.get $b) (i64.load offset=8 (local.get $at))))
        (local.set $c (call $round (local.get $c) (i64.load offset=16 (local.get $at))))
        (local.set $d (call $round (local.get $d) (i64.load offset=24 (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br $stripe)))
    (global.set $a (local.get $a))
    (global.set $b (local.get $b))
    (global.set $c (local.get $c))
    (global.set $d (local.get $d))))
