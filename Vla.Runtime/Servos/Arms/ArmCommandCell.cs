using Vla.Actors.Robots;

namespace Vla.Runtime.Servos.Arms;

/// <summary>
/// The newest action on its way from the control loop to the arm's own loop: neither ever waits for the other.
/// </summary>
internal sealed class ArmCommandCell
{
    private ArmCommand _writers = new();
    private ArmCommand _shared = new();
    private ArmCommand _readers = new();

    /// <summary>Hands over what is wanted now. By one thread.</summary>
    public void Put(ControlState state, ReadOnlySpan<float> values, long atNs, long lastsNs, long capturedNs = 0)
    {
        var command = _writers;
        (command.State, command.AtNs, command.LastsNs, command.CapturedNs) = (state, atNs, lastsNs, capturedNs);
        values.CopyTo(command.Values);
        command.IsNew = true;
        _writers = Interlocked.Exchange(ref _shared, command);
    }

    /// <summary>The newest. By one thread, to which it belongs until the next call.</summary>
    public ArmCommand Take()
    {
        if (!Volatile.Read(ref _shared).IsNew)
            return _readers;
        _readers.IsNew = false;
        _readers = Interlocked.Exchange(ref _shared, _readers);
        return _readers;
    }
}

/// <summary>What the control loop wants of the arm.</summary>
internal sealed class ArmCommand
{
    /// <summary>Whether the arm's loop has not taken it yet.</summary>
    internal bool IsNew { get; set; }

    public ControlState State { get; internal set; } = ControlState.Stop;

    /// <summary>LeRobot's numbers, in the order of the joints.</summary>
    public float[] Values { get; } = new float[ArmKind.Ids.Length];

    /// <summary>When it was said, monotonic nanoseconds; 0 for never.</summary>
    public long AtNs { get; internal set; }

    /// <summary>When what it was made of was seen or felt; 0 when that is not known.</summary>
    public long CapturedNs { get; internal set; }

    /// <summary>How long it stands without a further one.</summary>
    public long LastsNs { get; internal set; }
}
