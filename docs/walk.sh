#!/bin/sh
# The whole way with simulated arms: calibrate, record episodes that a hand leads, train a small ACT, let it act, count.
#
#   docs/walk.sh DIR [EPISODES] [STEPS] [TRIES]
#
# Linux, with curl. Everything is in DIR, the home of what is calibrated too; a walk that was ended in any way, also by
# kill -9, goes on from where it was when it is begun again. VLA names the program (default: ./vla), PORT the first of
# two ports on this machine (default: 5090), ARM the arm (default: so101, or koch).
set -eu

dir=${1:?where to: docs/walk.sh DIR [EPISODES] [STEPS] [TRIES]}
episodes=${2:-50} steps=${3:-3000} tries=${4:-20}
vla=${VLA:-./vla} port=${PORT:-5090} kind=${ARM:-so101}
page=http://127.0.0.1:$((port + 1))
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
export HF_LEROBOT_CALIBRATION="$dir/calibration" XDG_CONFIG_HOME="$dir/config"

say() { echo "walk: $*"; }

# --- Two arms that are not there, uncalibrated; what happens to them is typed into a pipe. ---
rm -f "$dir/hand"
mkfifo "$dir/hand"
$vla simulate "$kind" "${kind}_leader" --uncalibrated --links "$dir/arms" --http http://127.0.0.1:"$port" \
    < "$dir/hand" > "$dir/simulate.log" 2>&1 &
arms=$!
exec 3> "$dir/hand"
robot=
trap 'exec 3>&-; kill $arms $robot 2> /dev/null || true' EXIT

hand() { echo "$*" >&3; }

# Waits until a file has a line, or a process is gone.
until_said() { # FILE WORDS PROCESS
    while ! grep -q "$2" "$1"; do
        kill -0 "$3" 2> /dev/null || return 1
        sleep 0.1
    done
}

# Asks the recording, and waits until it is at a phase.
ask() { curl -sf -X POST "$page/record/$1" > /dev/null || true; }
phase() { curl -sf "$page/status" | sed -n 's/.*"phase": "\(.*\)".*/\1/p'; }
until_phase() { # PHASE: or the program has ended
    while kill -0 "$robot" 2> /dev/null && [ "$(phase)" != "$1" ]; do sleep 0.1; done
}

# On a busy machine servos are simulated too late, and a step says that one gives no answer: three times at most.
failures=0
failed() { # LOG
    failures=$((failures + 1))
    [ $failures -lt 3 ] || { cat "$1" >&2; say "failed three times; the last is above"; exit 1; }
}

until_said "$dir/simulate.log" "camera: " $arms || { cat "$dir/simulate.log" >&2; exit 1; }

# --- Calibrate both: each joint is moved from stop to stop by a hand, then wrist_roll is put in its middle. ---
for arm in "$kind" "${kind}_leader"; do
    if [ -e "$dir/calibrated_$arm" ]; then
        # Other servos than those of the walk before: they are given what was found then.
        until $vla calibrate "$arm:$dir/arms/$arm" --id "walk_$arm" --write-file < /dev/null \
            > "$dir/calibrate_$arm.log" 2>&1; do
            failed "$dir/calibrate_$arm.log"
        done
    else
        hand "$arm sweep"
        until { sleep 9; echo; sleep 1; echo; sleep 1; echo; } |
            $vla calibrate "$arm:$dir/arms/$arm" --id "walk_$arm" > "$dir/calibrate_$arm.log" 2>&1; do
            failed "$dir/calibrate_$arm.log"
            hand "$arm sweep"
        done
        hand "$arm let-go"
        touch "$dir/calibrated_$arm"
        say "$arm is calibrated"
    fi
done

# --- Record: a hand that knows leads the leader to each dot. ---
while [ ! -e "$dir/recorded" ]; do
    $vla record --teleop "${kind}_leader:walk_${kind}_leader" --robot "$kind:walk_$kind" \
        --camera http://127.0.0.1:"$port"/arm.mjpg --output "$dir/data" --task "go to the dot" --fps 10 \
        --episodes "$episodes" --episode-seconds 10 --reset-seconds 3600 --http "$page" \
        < /dev/null > "$dir/record.log" 2>&1 &
    robot=$!
    hand next
    hand reach
    until_said "$dir/record.log" "set up episode" $robot || true
    sleep 3
    until_phase reset
    while kill -0 $robot 2> /dev/null; do
        hand next
        ask next
        until_phase recording
        hand reach
        sleep 2.5
        ask next
        until_phase reset
    done
    if wait $robot; then
        touch "$dir/recorded"
        say "$(grep -o "[0-9]* of [0-9]* is saved" "$dir/record.log" | tail -n 1)"
    else
        failed "$dir/record.log"
    fi
done

# --- Train a small ACT. ---
cat > "$dir/act.json" << 'ACT'
{ "type": "act", "chunk_size": 15, "n_action_steps": 8, "vision_backbone": "resnet18", "dim_model": 64, "n_heads": 4,
  "dim_feedforward": 128, "n_encoder_layers": 2, "n_decoder_layers": 1, "n_vae_encoder_layers": 2, "latent_dim": 8 }
ACT
if [ ! -e "$dir/trained" ]; then
    # A training that has saved goes on, and has what it was begun with; one that was ended before that begins anew.
    if [ -d "$dir/policy/training" ] || [ -d "$dir/policy/training.old" ]; then
        set -- --resume
    else
        set -- --policy act --policy-config "$dir/act.json" --picture-size 64x48 --learning-rate 3e-4
    fi
    # It may have been ended when all was done.
    grep -q "\"step\": $steps,\$" "$dir/policy/training/state.json" 2> /dev/null ||
        $vla train --dataset "$dir/data" --output "$dir/policy" --steps "$steps" "$@" > "$dir/train.log" 2>&1 ||
        { cat "$dir/train.log" >&2; exit 1; }
    touch "$dir/trained"
    say "the policy is trained"
fi

# --- Let it act, and count. ---
while :; do
    $vla record --policy "$dir/policy" --policy-step 100 --robot "$kind:walk_$kind" \
        --camera http://127.0.0.1:"$port"/arm.mjpg --output "$dir/tries" --task "go to the dot" --fps 10 \
        --max-age 1000 --episodes "$tries" --episode-seconds 8 --reset-seconds 3600 --http "$page" \
        < /dev/null > "$dir/act.log" 2>&1 &
    robot=$!
    until_said "$dir/act.log" "set up episode" $robot || true
    until_phase reset
    while kill -0 $robot 2> /dev/null; do
        hand next
        ask next
        until_phase recording
        i=0
        verdict=failed
        while [ $i -lt 14 ] && kill -0 $robot 2> /dev/null; do
            sleep 0.5
            hand score
            sleep 0.1
            if tail -n 1 "$dir/simulate.log" | grep -q "[0-9] reached, "; then
                verdict=next
                break
            fi
            i=$((i + 1))
        done
        ask $verdict
        until_phase reset
    done
    if wait $robot; then break; fi
    failed "$dir/act.log"
done
say "$(grep -o "[0-9]* kept, [0-9]* succeeded" "$dir/act.log" | tail -n 1)"
