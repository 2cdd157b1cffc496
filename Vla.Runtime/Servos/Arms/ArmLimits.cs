namespace Vla.Runtime.Servos.Arms;

/// <summary>What an arm may do and bear.</summary>
internal sealed record ArmLimits
{
    /// <summary>Warmth of a servo at which it is said, °C. The servo itself lets go at 70.</summary>
    public int WarnCelsius { get; init; } = 55;

    /// <summary>At which the arm holds still.</summary>
    public int HoldCelsius { get; init; } = 62;

    /// <summary>At which it is brought to rest and let go, before the servo lets go of it.</summary>
    public int RestCelsius { get; init; } = 67;

    /// <summary>Current of a joint, for <see cref="CurrentSeconds"/>, at which it is said, milliamperes.</summary>
    public double WarnMilliamperes { get; init; } = 1_000;

    /// <summary>At which the arm holds still.</summary>
    public double HoldMilliamperes { get; init; } = 1_500;

    public double CurrentSeconds { get; init; } = 1;

    /// <summary>
    /// A joint that is so far from its goal, steps, and has this <see cref="StallLoad"/>, and does not turn, is
    /// blocked.
    /// </summary>
    public int StallSteps { get; init; } = 50;

    /// <summary>Share of full torque.</summary>
    public double StallLoad { get; init; } = 0.4;

    /// <summary>Steps a second.</summary>
    public int StallSpeed { get; init; } = 40;

    /// <summary>After so long blocked it is said.</summary>
    public double StallWarnSeconds { get; init; } = 0.25;

    /// <summary>After so long the arm holds still.</summary>
    public double StallHoldSeconds { get; init; } = 0.6;

    /// <summary>A hold lasts so long at least.</summary>
    public double HoldSeconds { get; init; } = 1;

    /// <summary>A hold that lasts so long ends in rest.</summary>
    public double RestAfterSeconds { get; init; } = 10;

    /// <summary>And so does being blocked so often within <see cref="StallMemorySeconds"/>.</summary>
    public int StallsToRest { get; init; } = 4;

    public double StallMemorySeconds { get; init; } = 60;

    /// <summary>How fast a joint may turn in following, steps a second.</summary>
    public double FollowSteps { get; init; } = 3_000;

    /// <summary>How fast the arm sets out to where it is first told to be, steps a second: 30 degrees.</summary>
    public double ApproachSteps { get; init; } = 341;

    /// <summary>
    /// By how much faster it becomes with each second until it is there: whoever leads it may be moving.
    /// </summary>
    public double ApproachGain { get; init; } = 341;

    /// <summary>It is there when no joint is further away, steps.</summary>
    public double ThereSteps { get; init; } = 12;

    /// <summary>How fast it goes to rest, steps a second: 40 degrees.</summary>
    public double RestSteps { get; init; } = 455;

    /// <summary>How long it takes to let go.</summary>
    public double LetGoSeconds { get; init; } = 1.5;

    /// <summary>A servo that is silent for so long is lost.</summary>
    public double LostSeconds { get; init; } = 0.3;
}
