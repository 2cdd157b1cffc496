namespace Vla.Runtime.ServoSimulation;

/// <summary>Where a Feetech STS3215 keeps what, after its maker's table: the simulator's own copy of it.</summary>
/// <remarks>
/// Addresses below <see cref="FirstVolatile"/> outlast a loss of power when they were written unlocked.
/// </remarks>
internal static class ServoTable
{
    public const int Length = 87;
    public const int FirstVolatile = 40;

    public const int FirmwareMajor = 0;
    public const int FirmwareMinor = 1;
    public const int Model = 3;
    public const int Id = 5;
    public const int Baud = 6;
    public const int ReturnDelay = 7;
    public const int AnswersTo = 8;
    public const int LeastPosition = 9;
    public const int MostPosition = 11;
    public const int MostTemperature = 13;
    public const int MostVoltage = 14;
    public const int LeastVoltage = 15;
    public const int MostTorque = 16;
    public const int Offset = 31;
    public const int Mode = 33;
    public const int ProtectiveTorque = 34;
    public const int ProtectionTime = 35;
    public const int OverloadTorque = 36;
    public const int TorqueEnable = 40;
    public const int Goal = 42;
    public const int GoalVelocity = 46;
    public const int TorqueLimit = 48;
    public const int Lock = 55;
    public const int Position = 56;
    public const int Velocity = 58;
    public const int Load = 60;
    public const int Voltage = 62;
    public const int Temperature = 63;
    public const int Status = 65;
    public const int Moving = 66;
    public const int Current = 69;

    /// <summary>What a servo has on leaving the factory, by address.</summary>
    public static readonly IReadOnlyDictionary<int, int> Factory = new Dictionary<int, int>
    {
        [FirmwareMajor] = 3,
        [FirmwareMinor] = 10,
        [2] = 0,
        [Id] = 1,
        [Baud] = 0,
        [ReturnDelay] = 250,
        [AnswersTo] = 1,
        [MostTemperature] = 70,
        [MostVoltage] = 80,
        [LeastVoltage] = 40,
        [18] = 12,
        [19] = 44,
        [20] = 47,
        [21] = 32,
        [22] = 32,
        [23] = 0,
        [26] = 1,
        [27] = 1,
        [30] = 1,
        [ProtectiveTorque] = 20,
        [ProtectionTime] = 200,
        [OverloadTorque] = 80,
        [37] = 10,
        [38] = 200,
        [39] = 10,
        [Lock] = 1,
        [80] = 1,
        [81] = 32,
        [82] = 1,
        [83] = 1,
        [84] = 50,
        [85] = 254,
        [86] = 1,
    };

    /// <summary>The same for numbers of two bytes.</summary>
    public static readonly IReadOnlyDictionary<int, int> FactoryWords = new Dictionary<int, int>
    {
        [Model] = 777,
        [LeastPosition] = 0,
        [MostPosition] = 4_095,
        [MostTorque] = 1_000,
        [24] = 16,
        [28] = 500,
        [Goal] = 0,
        [TorqueLimit] = 1_000,
    };
}
