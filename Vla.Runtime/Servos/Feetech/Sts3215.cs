namespace Vla.Runtime.Servos.Feetech;

/// <summary>The registers of the Feetech STS3215, as far as they are used.</summary>
internal static class Sts3215
{
    /// <summary>The number of its model.</summary>
    public const int Model = 777;

    /// <summary>Steps of a turn.</summary>
    public const int Resolution = 4096;

    /// <summary>
    /// Of <see cref="Torque"/>, <see cref="MaximumTorque"/> and <see cref="PresentLoad"/>, all there is.
    /// </summary>
    public const int FullTorque = 1000;

    /// <summary>Of <see cref="PresentCurrent"/>, milliamperes.</summary>
    public const double CurrentMilliamperes = 6.5;

    /// <summary>Of <see cref="PresentVoltage"/> and its limits, volts.</summary>
    public const double VoltageVolts = 0.1;

    /// <summary>The largest <see cref="HomingOffset"/>.</summary>
    public const int LargestOffset = 2047;

    /// <summary>Speeds in the order of their numbers in <see cref="Baud"/>.</summary>
    public static readonly IReadOnlyList<int> Bauds =
    [
        1_000_000,
        500_000,
        250_000,
        128_000,
        115_200,
        57_600,
        38_400,
        19_200,
    ];

    public static readonly ServoRegister FirmwareMajor = new("Firmware_Major", 0, 1);
    public static readonly ServoRegister FirmwareMinor = new("Firmware_Minor", 1, 1);
    public static readonly ServoRegister ModelNumber = new("Model_Number", 3, 2);
    public static readonly ServoRegister Id = new("ID", 5, 1);
    public static readonly ServoRegister Baud = new("Baud_Rate", 6, 1);
    public static readonly ServoRegister ReturnDelay = new("Return_Delay_Time", 7, 1);
    public static readonly ServoRegister MinimumPosition = new("Min_Position_Limit", 9, 2);
    public static readonly ServoRegister MaximumPosition = new("Max_Position_Limit", 11, 2);
    public static readonly ServoRegister MaximumVoltage = new("Max_Voltage_Limit", 14, 1);
    public static readonly ServoRegister MinimumVoltage = new("Min_Voltage_Limit", 15, 1);
    public static readonly ServoRegister MaximumTorque = new("Max_Torque_Limit", 16, 2);
    public static readonly ServoRegister Phase = new("Phase", 18, 1);
    public static readonly ServoRegister P = new("P_Coefficient", 21, 1);
    public static readonly ServoRegister D = new("D_Coefficient", 22, 1);
    public static readonly ServoRegister I = new("I_Coefficient", 23, 1);
    public static readonly ServoRegister ProtectionCurrent = new("Protection_Current", 28, 2);
    public static readonly ServoRegister HomingOffset = new("Homing_Offset", 31, 2, SignBit: 11);
    public static readonly ServoRegister OperatingMode = new("Operating_Mode", 33, 1);
    public static readonly ServoRegister OverloadTorque = new("Overload_Torque", 36, 1);
    public static readonly ServoRegister TorqueEnable = new("Torque_Enable", 40, 1);
    public static readonly ServoRegister Acceleration = new("Acceleration", 41, 1);
    public static readonly ServoRegister GoalPosition = new("Goal_Position", 42, 2, SignBit: 15);
    public static readonly ServoRegister Torque = new("Torque_Limit", 48, 2);
    public static readonly ServoRegister Lock = new("Lock", 55, 1);
    public static readonly ServoRegister PresentPosition = new("Present_Position", 56, 2, SignBit: 15);
    public static readonly ServoRegister PresentVelocity = new("Present_Velocity", 58, 2, SignBit: 15);
    public static readonly ServoRegister PresentLoad = new("Present_Load", 60, 2, SignBit: 10);
    public static readonly ServoRegister PresentVoltage = new("Present_Voltage", 62, 1);
    public static readonly ServoRegister PresentTemperature = new("Present_Temperature", 63, 1);
    public static readonly ServoRegister Status = new("Status", 65, 1);
    public static readonly ServoRegister PresentCurrent = new("Present_Current", 69, 2, SignBit: 15);
    public static readonly ServoRegister MaximumAcceleration = new("Maximum_Acceleration", 85, 1);

    /// <summary>All that arms need to know of it.</summary>
    public static readonly ServoMake Make = new()
    {
        Name = "Feetech",
        Protocol = new FeetechProtocol(),
        Models = [new(Model, "STS3215", CurrentMilliamperes)],
        Resolution = Resolution,
        Bauds = Bauds,
        FirstVolatile = 40,
        IsKeptWithoutTorque = false,
        OffsetSign = -1,
        LargestOffset = LargestOffset,
        CountsTurns = false,
        FullTorque = FullTorque,
        VelocitySteps = 1,
        VoltageVolts = VoltageVolts,
        Firmware = [FirmwareMajor, FirmwareMinor],
        ModelNumber = ModelNumber,
        Id = Id,
        Baud = Baud,
        MinimumPosition = MinimumPosition,
        MaximumPosition = MaximumPosition,
        MinimumVoltage = MinimumVoltage,
        MaximumVoltage = MaximumVoltage,
        HomingOffset = HomingOffset,
        OperatingMode = OperatingMode,
        PositionMode = 0,
        Lock = Lock,
        TorqueEnable = TorqueEnable,
        GoalPosition = GoalPosition,
        Torque = Torque,
        MaximumTorque = MaximumTorque,
        PresentPosition = PresentPosition,
        PresentVelocity = PresentVelocity,
        PresentLoad = PresentLoad,
        PresentVoltage = PresentVoltage,
        PresentTemperature = PresentTemperature,
        PresentCurrent = PresentCurrent,
        Status = Status,
    };
}
