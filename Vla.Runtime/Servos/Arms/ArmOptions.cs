namespace Vla.Runtime.Servos.Arms;

/// <summary>Which arm, and how it is driven.</summary>
internal sealed record ArmOptions
{
    /// <summary>Turns of its loop a second, at most.</summary>
    public const double FastestHz = 200;

    public required ArmKind Kind { get; init; }

    /// <summary>The serial port's name.</summary>
    public required string Port { get; init; }

    /// <summary>What messages call it: <c>so101:my_arm</c>.</summary>
    public required string Name { get; init; }

    public required ArmCalibration Calibration { get; init; }

    public ScaleKind Scale { get; init; } = ScaleKind.Degrees;

    /// <summary>Turns of its loop a second.</summary>
    public double RateHz { get; init; } = 100;

    public ArmLimits Limits { get; init; } = new();

    /// <summary>Where it can lie, steps, as it was found at an earlier time; null when that is not known.</summary>
    public int[]? Rest { get; init; }

    /// <summary>Told what nobody must miss, in one line.</summary>
    public Action<string> Say { get; init; } = _ => { };

    /// <summary>Told where it lies, when it is found there.</summary>
    public Action<int[]> KeepRest { get; init; } = _ => { };
}
