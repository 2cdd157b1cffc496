namespace Vla.Runtime.ServoSimulation;

/// <summary>
/// Where a Dynamixel of the X series keeps what, after its maker's manual: the simulator's own copy of it.
/// </summary>
internal static class DynamixelTable
{
    public const int Length = 148;
    public const int FirstVolatile = 64;

    public const int Model = 0;
    public const int Firmware = 6;
    public const int Id = 7;
    public const int Baud = 8;
    public const int ReturnDelay = 9;
    public const int DriveMode = 10;
    public const int Mode = 11;
    public const int Offset = 20;
    public const int MostTemperature = 31;
    public const int MostVoltage = 32;
    public const int LeastVoltage = 34;
    public const int PwmLimit = 36;
    public const int CurrentLimit = 38;
    public const int MostPosition = 48;
    public const int LeastPosition = 52;
    public const int Shutdown = 63;
    public const int TorqueEnable = 64;
    public const int AnswersTo = 68;
    public const int HardwareError = 70;
    public const int GoalPwm = 100;
    public const int GoalCurrent = 102;
    public const int Goal = 116;
    public const int Moving = 122;
    public const int Pwm = 124;
    public const int Current = 126;
    public const int Velocity = 128;
    public const int Position = 132;
    public const int Voltage = 144;
    public const int Temperature = 146;

    /// <summary>What a servo has on leaving the factory, by address and length, beside what its model has.</summary>
    public static readonly IReadOnlyList<(int Address, int Length, int Value)> Factory =
    [
        (Firmware, 1, 52),
        (Id, 1, 1),
        (Baud, 1, 1),
        (ReturnDelay, 1, 250),
        (Mode, 1, 3),
        (12, 1, 255),
        (13, 1, 2),
        (24, 4, 10),
        (PwmLimit, 2, 885),
        (MostPosition, 4, 4_095),
        (LeastPosition, 4, 0),
        (Shutdown, 1, 53),
        (AnswersTo, 1, 2),
        (80, 2, 0),
        (82, 2, 0),
        (84, 2, 800),
        (GoalPwm, 2, 885),
    ];
}

/// <summary>What a model of the X series is made for, after its maker's manual.</summary>
/// <param name="Number">As it tells it.</param>
/// <param name="Volts">It is usually given.</param>
/// <param name="LeastVoltage">In tenths of a volt.</param>
/// <param name="MostVoltage">The same.</param>
/// <param name="MostTemperature">°C.</param>
/// <param name="CurrentLimit">Milliamperes; 0 for a model that tells a load, tenths of a percent, instead.</param>
internal sealed record DynamixelModel(
    int Number,
    double Volts,
    int LeastVoltage,
    int MostVoltage,
    int MostTemperature,
    int CurrentLimit
)
{
    public static readonly DynamixelModel Xl430 = new(1_060, 12, 60, 140, 72, 0);
    public static readonly DynamixelModel Xl330M288 = new(1_200, 5, 35, 70, 70, 1_750);
    public static readonly DynamixelModel Xl330M077 = new(1_190, 5, 35, 70, 70, 1_750);
}
