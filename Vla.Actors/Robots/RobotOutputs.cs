using System.Diagnostics;
using Vla.Actors.Scheduling;

namespace Vla.Actors.Robots;

/// <summary>All that is told what the control loop publishes.</summary>
internal sealed class RobotOutputs : IDisposable
{
    private readonly RobotOutput[] _outputs;

    // Robots with a thread first: one that is called on the control thread and blocks holds up nobody else.
    private readonly RobotOutput[] _inOrder;

    public RobotOutputs(IEnumerable<IActionOutput> robots, IControlClock clock, long periodNs)
    {
        _outputs = [.. robots.Select(robot => RobotOutput.For(robot, clock, periodNs))];
        Direct = [.. _outputs.OfType<DirectOutput>()];
        _inOrder = [.. _outputs.Except(Direct), .. Direct];
    }

    /// <summary>Those that are called on the control thread.</summary>
    public IReadOnlyList<DirectOutput> Direct { get; }

    /// <summary>Passes an action on; never waits for a robot that says it may block.</summary>
    /// <returns>False when the calling thread was held up and is not the control thread any more.</returns>
    public bool Send(PublishedAction action)
    {
        foreach (var output in _inOrder)
        {
            if (!output.Send(action))
                return false;
        }

        return true;
    }

    /// <summary>Passes the last action on; nothing follows it.</summary>
    /// <param name="last">A stop; null when nothing was ever published, and so nothing is to be said.</param>
    public void Finish(PublishedAction? last)
    {
        foreach (var output in _inOrder)
            output.Finish(last);
    }

    /// <summary>Waits until every robot has had the last action, all together no longer than this.</summary>
    public void WaitFinished(int milliseconds)
    {
        var started = Stopwatch.GetTimestamp();
        foreach (var output in _outputs)
            output.WaitFinished((int)Math.Max(0, milliseconds - Stopwatch.GetElapsedTime(started).TotalMilliseconds));
    }

    /// <summary>The robots that have taken neither this action nor a later one.</summary>
    public IReadOnlyList<OutputSnapshot> Without(long sequence) =>
        [.. _outputs.Select(output => output.Without(sequence)).OfType<OutputSnapshot>()];

    public OutputSnapshot[] Snapshot() => [.. _outputs.Select(output => output.Snapshot())];

    public void Dispose()
    {
        foreach (var output in _outputs)
            output.Dispose();
    }
}
