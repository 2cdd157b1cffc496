using Vla.Actors.Robots;
using Vla.Runtime.Servos.Arms;
using Vla.Sensors;

namespace Vla.Runtime.Servos.SettingUp;

/// <summary>Leads a person through the calibration of an arm, by lines of text: over SSH as well.</summary>
/// <param name="dialogue">With the person.</param>
/// <param name="time">The clock: how often ranges are shown.</param>
/// <param name="isLive">Whether the table of ranges can be written over, as on a terminal.</param>
internal sealed class CalibrationWizard(Dialogue dialogue, TimeProvider time, bool isLive)
{
    private const long ShowEachNs = 200 * MonotonicTime.NsPerMs;
    private const long ShowRarelyNs = 5 * MonotonicTime.NsPerSecond;
    private const string Anyway = "k";

    private long _shownNs;
    private bool _isShown;

    /// <summary>Calibrates the arm on a bus.</summary>
    /// <param name="bus">Its line.</param>
    /// <param name="kind">Which kind it is.</param>
    /// <returns>What is in its servos now.</returns>
    /// <exception cref="RobotException">It cannot be; then its servos have what they had.</exception>
    /// <exception cref="OperationCanceledException">Told to end; the same.</exception>
    public ArmCalibration Run(ServoBus bus, ArmKind kind)
    {
        if (ArmPreparation.Check(bus, kind) is { Length: > 0 } unusual)
            dialogue.Say($"Note: {unusual}.");
        AskForSupport(dialogue, bus);
        var calibrator = new ArmCalibrator(bus, kind);
        try
        {
            calibrator.Begin();
            dialogue.Say(
                "1 of 2: move every joint by hand from one stop to the other, the gripper shut and wide open too."
            );
            var isOne = kind.Turning.Count == 1;
            dialogue.Say(
                $"Only {kind.TurningNames} {(isOne ? "has no stops: leave it" : "have no stops: leave them")} out. "
                    + "Press Enter when all have been there."
            );
            Sweep(calibrator);
            dialogue.Say(
                $"2 of 2: turn {kind.TurningNames} to {(isOne ? "its" : "their")} middle, the gripper level, and press "
                    + "Enter."
            );
            dialogue.Ask(calibrator.Look);
            var result = calibrator.Result();
            calibrator.Write(result);
            return result;
        }
        finally
        {
            Undo(calibrator);
        }
    }

    /// <summary>Has an arm that holds itself up supported, before it is let go.</summary>
    public static void AskForSupport(Dialogue dialogue, ServoBus bus)
    {
        if (!ArmPreparation.HasTorque(bus))
            return;
        dialogue.Say("The arm holds itself up: support it with your hand, then press Enter, and it is let go.");
        dialogue.Ask();
    }

    private void Undo(ArmCalibrator calibrator)
    {
        try
        {
            calibrator.Undo();
        }
        catch (RobotException exception)
        {
            dialogue.Say($"The servos could not be given back what they had ({exception.Message}): calibrate anew.");
        }
    }

    private void Sweep(ArmCalibrator calibrator)
    {
        while (true)
        {
            var answer = dialogue.Ask(() =>
            {
                calibrator.Look();
                Show(calibrator);
            });
            Show(calibrator, isLast: true);
            var joints = Enumerable.Range(0, ArmKind.Ids.Length).ToList();
            var problems = joints.Select(calibrator.Problem).OfType<string>().ToList();
            var doubts = joints.Select(calibrator.Doubt).OfType<string>().ToList();
            if (problems.Count == 0 && (doubts.Count == 0 || answer == Anyway))
                return;
            foreach (var words in problems.Concat(doubts.Where(_ => problems.Count == 0)))
                dialogue.Say($"    {words}.");
            dialogue.Say(
                problems.Count > 0
                    ? "Move those from stop to stop too, and press Enter."
                    : $"Move those once more and press Enter; or {Anyway} and Enter to keep them as they are."
            );
            foreach (
                var joint in joints.Where(joint =>
                    calibrator.Problem(joint)?.Contains("all round", StringComparison.Ordinal) is true
                )
            )
                calibrator.Forget(joint);
        }
    }

    private void Show(ArmCalibrator calibrator, bool isLast = false)
    {
        var nowNs = time.NowNs();
        if (!isLast && nowNs - _shownNs < (isLive ? ShowEachNs : ShowRarelyNs))
            return;
        _shownNs = nowNs;
        // Over what was there before: up by as many lines.
        if (isLive && _isShown)
            dialogue.Say($"\u001b[{ArmKind.Ids.Length + 2}A");
        dialogue.Say($"    {"joint", -14} {"least", 6} {"now", 6} {"most", 6}");
        foreach (var (i, name) in ArmKind.Joints.Index())
        {
            var (least, now, most) = calibrator.SweepOf(i);
            dialogue.Say($"    {name, -14} {least, 6} {now, 6} {most, 6}");
        }

        _isShown = !isLast;
    }
}
