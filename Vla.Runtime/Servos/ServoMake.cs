namespace Vla.Runtime.Servos;

/// <summary>
/// What is to be known of a make of servos: its packets, registers, units and limits. Another make is another of these.
/// </summary>
/// <remarks>Registers that only one make has are null in the others.</remarks>
internal sealed record ServoMake
{
    /// <summary>For messages.</summary>
    public required string Name { get; init; }

    public required IServoProtocol Protocol { get; init; }

    /// <summary>All that arms have of it.</summary>
    public required IReadOnlyList<ServoModel> Models { get; init; }

    /// <summary>Steps of a turn.</summary>
    public required int Resolution { get; init; }

    /// <summary>Speeds of the line in the order of their numbers in <see cref="Baud"/>.</summary>
    public required IReadOnlyList<int> Bauds { get; init; }

    /// <summary>From this address on nothing outlasts a loss of power.</summary>
    public required int FirstVolatile { get; init; }

    /// <summary>Whether what outlasts a loss of power can only be written without torque.</summary>
    public required bool IsKeptWithoutTorque { get; init; }

    /// <summary>What a position becomes by a <see cref="HomingOffset"/> of 1: 1, or -1.</summary>
    public required int OffsetSign { get; init; }

    /// <summary>The largest <see cref="HomingOffset"/>.</summary>
    public required int LargestOffset { get; init; }

    /// <summary>Whether positions go on beyond a turn: then one may be told with whole turns too many.</summary>
    public required bool CountsTurns { get; init; }

    /// <summary>
    /// Of <see cref="Torque"/>, <see cref="MaximumTorque"/> and <see cref="PresentLoad"/>, all there is.
    /// </summary>
    public required int FullTorque { get; init; }

    /// <summary>Of <see cref="PresentVelocity"/>, steps a second.</summary>
    public required double VelocitySteps { get; init; }

    /// <summary>Of <see cref="PresentVoltage"/> and its limits, volts.</summary>
    public required double VoltageVolts { get; init; }

    /// <summary>Of a servo's program: empty where different ones go together.</summary>
    public required IReadOnlyList<ServoRegister> Firmware { get; init; }

    public required ServoRegister ModelNumber { get; init; }
    public required ServoRegister Id { get; init; }
    public required ServoRegister Baud { get; init; }
    public required ServoRegister MinimumPosition { get; init; }
    public required ServoRegister MaximumPosition { get; init; }
    public required ServoRegister MinimumVoltage { get; init; }
    public required ServoRegister MaximumVoltage { get; init; }
    public required ServoRegister HomingOffset { get; init; }
    public required ServoRegister OperatingMode { get; init; }

    /// <summary>The mode in which an arm's joints are calibrated and driven.</summary>
    public required int PositionMode { get; init; }

    /// <summary>Bit 0 has it count the other way round; null where the program has to do that.</summary>
    public ServoRegister? DriveMode { get; init; }

    /// <summary>While it is 1, nothing that is written outlasts a loss of power.</summary>
    public ServoRegister? Lock { get; init; }

    public required ServoRegister TorqueEnable { get; init; }
    public required ServoRegister GoalPosition { get; init; }

    /// <summary>How much torque it may use now.</summary>
    public required ServoRegister Torque { get; init; }

    /// <summary>How much it may use at all.</summary>
    public required ServoRegister MaximumTorque { get; init; }

    public required ServoRegister PresentPosition { get; init; }
    public required ServoRegister PresentVelocity { get; init; }
    public required ServoRegister PresentLoad { get; init; }
    public required ServoRegister PresentVoltage { get; init; }
    public required ServoRegister PresentTemperature { get; init; }

    /// <summary>In units of its <see cref="ServoModel.Milliamperes"/>.</summary>
    public required ServoRegister PresentCurrent { get; init; }

    /// <summary>What is wrong with it, beside what it tells with the rest; null where every answer tells it.</summary>
    public ServoRegister? Status { get; init; }

    /// <summary>What is wrong with it, asked for when an answer says that something is; null where answers say
    /// it.</summary>
    public ServoRegister? HardwareError { get; init; }

    /// <summary>What <see cref="HardwareError"/> says.</summary>
    public Func<int, ServoFaults> HardwareFaults { get; init; } = _ => ServoFaults.Hardware;

    /// <summary>The model of a number; null for one that is not known.</summary>
    public ServoModel? ModelOf(int number) => Models.FirstOrDefault(model => model.Number == number);

    /// <summary>A model's number in words: <c>model 1060, XL430-W250</c>.</summary>
    public string InWords(int number) =>
        ModelOf(number) is { } model ? $"model {number}, {model.Name}" : $"model {number}";

    public override string ToString() => Name;
}
