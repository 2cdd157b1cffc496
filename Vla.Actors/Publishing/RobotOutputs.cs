using System.Diagnostics;

namespace Vla.Actors.Publishing;

/// <summary>All that is told what the control loop publishes.</summary>
internal sealed class RobotOutputs(IEnumerable<IRobot> robots) : IDisposable
{
    private readonly RobotOutput[] _outputs = [.. robots.Select(RobotOutput.For)];

    /// <summary>Passes an action on; never waits for a robot.</summary>
    public void Send(PublishedAction action)
    {
        foreach (var output in _outputs) output.Send(action);
    }

    /// <summary>Passes the last action on; nothing follows it.</summary>
    /// <param name="last">A stop; null when nothing was ever published, and so nothing is to be said.</param>
    /// <param name="alone">False when a tick may still be sending.</param>
    public void Finish(PublishedAction? last, bool alone)
    {
        // The robots with a thread first: a direct one that breaks its word and blocks holds up nobody else.
        foreach (var output in _outputs.OrderBy(output => output is DirectOutput)) output.Finish(last, alone);
    }

    /// <summary>Waits until every robot has had the last action, all together no longer than this.</summary>
    public void WaitFinished(int milliseconds)
    {
        var started = Stopwatch.GetTimestamp();
        foreach (var output in _outputs)
            output.WaitFinished((int)Math.Max(0, milliseconds - Stopwatch.GetElapsedTime(started).TotalMilliseconds));
    }

    public OutputSnapshot[] Snapshot() => [.. _outputs.Select(output => output.Snapshot())];

    public void Dispose()
    {
        foreach (var output in _outputs) output.Dispose();
    }
}
