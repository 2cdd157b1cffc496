using Vla.Actors.Robots;

namespace Vla.Runtime.Networks;

/// <summary>
/// What is told the actions over a network and tells nothing: <c>--output ws://…</c>. A connection that breaks is
/// opened anew, later and later, 5 s at most.
/// </summary>
internal sealed class NetworkOutput : IActionOutput
{
    private readonly RobotConnection _connection;

    /// <exception cref="UsageException">It cannot be connected.</exception>
    public NetworkOutput(NetworkRobot robot, TimeProvider time)
    {
        Name = robot.Name;
        _connection = new RobotConnection(robot, time);
        try
        {
            _connection.Connect(CancellationToken.None);
        }
        catch (RobotException e)
        {
            _connection.Dispose();
            throw new UsageException($"output {Name} cannot be used: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    public string Name { get; }

    public void Apply(PublishedAction action)
    {
        // Asked first: a connection that broke while nothing was sent is noticed by this.
        if (_connection.Lost is not null)
            throw new RobotLostException(_connection.Lost);
        _connection.Apply(action);
    }

    public void Dispose() => _connection.Dispose();
}
