using Vla.Actors.Robots;

namespace Vla.Tests.Actors.Robots;

/// <summary>A robot that holds still by itself, and what it says of itself.</summary>
public sealed class HoldingRobotTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly FeelingRobot _robot;
    private readonly RobotConnection _connection;

    public HoldingRobotTests()
    {
        _robot = new FeelingRobot { Now = () => _clock.NowNs };
        _connection = new RobotConnection(_robot, new ClockTime(_clock));
        _connection.Connect(CancellationToken.None);
    }

    public void Dispose() => _connection.Dispose();

    [Fact]
    public void Its_reason_is_told_with_its_name_in_the_same_words_for_as_long_as_it_lasts()
    {
        Assert.Null(_connection.Holding);

        _robot.Holding = "the elbow is 63 °C warm";

        Assert.Equal("the robot feeling arm holds still: the elbow is 63 °C warm", _connection.Holding);
        Assert.Same(_connection.Holding, _connection.Holding);
        Assert.Null(_connection.Lost);
    }
}
