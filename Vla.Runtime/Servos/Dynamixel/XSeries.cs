namespace Vla.Runtime.Servos.Dynamixel;

/// <summary>The registers of Dynamixel's X series (XL330, XL430, XC430, …), as far as an arm needs them.</summary>
/// <remarks>
/// Source: ROBOTIS e-Manual. Those below 64 are kept without power, and can only be written without torque.
/// </remarks>
internal static class XSeries
{
    /// <summary>Steps of a turn.</summary>
    public const int Resolution = 4096;

    /// <summary>Speeds in the order of their numbers in <see cref="Baud"/>.</summary>
    public static readonly IReadOnlyList<int> Bauds =
    [
        9_600,
        57_600,
        115_200,
        1_000_000,
        2_000_000,
        3_000_000,
        4_000_000,
    ];

    public const int Xl430 = 1060;
    public const int Xl330M288 = 1200;
    public const int Xl330M077 = 1190;

    /// <summary>As far as they are known; XL430 and XC430 tell a load in the place of a current.</summary>
    public static readonly IReadOnlyList<ServoModel> Models =
    [
        new(Xl330M077, "XL330-M077", 1.0),
        new(Xl330M288, "XL330-M288", 1.0),
        new(Xl430, "XL430-W250", 0),
        new(1020, "XM430-W350", 2.69),
        new(1120, "XM540-W270", 2.69),
        new(1070, "XC430-W150", 0),
        new(1110, "XH540-W150", 2.69),
    ];

    /// <summary>Of <see cref="PresentVelocity"/>: 0.229 turns a minute, as steps a second.</summary>
    public const double VelocitySteps = 0.229 / 60 * Resolution;

    /// <summary>Of <see cref="GoalPwm"/>, <see cref="PwmLimit"/> and <see cref="PresentPwm"/>, all there is.</summary>
    public const int FullPwm = 885;

    /// <summary>Of <see cref="PresentVoltage"/> and its limits, volts.</summary>
    public const double VoltageVolts = 0.1;

    /// <summary>The largest <see cref="HomingOffset"/>, in every mode but the one of a single turn.</summary>
    public const int LargestOffset = 1_044_479;

    /// <summary>
    /// Of <see cref="OperatingMode"/>: positions beyond a turn. In the mode of a single turn an offset of more than a
    /// quarter of a turn would not count.
    /// </summary>
    public const int ExtendedPosition = 4;

    /// <summary>The same with a limit of current: it pushes no more than that against what it holds.</summary>
    public const int CurrentBasedPosition = 5;

    public static readonly ServoRegister ModelNumber = new("Model_Number", 0, 2);
    public static readonly ServoRegister Id = new("ID", 7, 1);
    public static readonly ServoRegister Baud = new("Baud_Rate", 8, 1);
    public static readonly ServoRegister ReturnDelay = new("Return_Delay_Time", 9, 1);
    public static readonly ServoRegister DriveMode = new("Drive_Mode", 10, 1);
    public static readonly ServoRegister OperatingMode = new("Operating_Mode", 11, 1);
    public static readonly ServoRegister HomingOffset = new("Homing_Offset", 20, 4) { IsSigned = true };
    public static readonly ServoRegister MaximumVoltage = new("Max_Voltage_Limit", 32, 2);
    public static readonly ServoRegister MinimumVoltage = new("Min_Voltage_Limit", 34, 2);
    public static readonly ServoRegister PwmLimit = new("PWM_Limit", 36, 2);
    public static readonly ServoRegister CurrentLimit = new("Current_Limit", 38, 2);
    public static readonly ServoRegister MaximumPosition = new("Max_Position_Limit", 48, 4);
    public static readonly ServoRegister MinimumPosition = new("Min_Position_Limit", 52, 4);
    public static readonly ServoRegister TorqueEnable = new("Torque_Enable", 64, 1);
    public static readonly ServoRegister HardwareError = new("Hardware_Error_Status", 70, 1);
    public static readonly ServoRegister D = new("Position_D_Gain", 80, 2);
    public static readonly ServoRegister I = new("Position_I_Gain", 82, 2);
    public static readonly ServoRegister P = new("Position_P_Gain", 84, 2);
    public static readonly ServoRegister BusWatchdog = new("Bus_Watchdog", 98, 1);
    public static readonly ServoRegister GoalPwm = new("Goal_PWM", 100, 2) { IsSigned = true };
    public static readonly ServoRegister GoalCurrent = new("Goal_Current", 102, 2) { IsSigned = true };
    public static readonly ServoRegister ProfileAcceleration = new("Profile_Acceleration", 108, 4);
    public static readonly ServoRegister ProfileVelocity = new("Profile_Velocity", 112, 4);
    public static readonly ServoRegister GoalPosition = new("Goal_Position", 116, 4) { IsSigned = true };
    public static readonly ServoRegister PresentPwm = new("Present_PWM", 124, 2) { IsSigned = true };
    public static readonly ServoRegister PresentCurrent = new("Present_Current", 126, 2) { IsSigned = true };
    public static readonly ServoRegister PresentVelocity = new("Present_Velocity", 128, 4) { IsSigned = true };
    public static readonly ServoRegister PresentPosition = new("Present_Position", 132, 4) { IsSigned = true };
    public static readonly ServoRegister PresentVoltage = new("Present_Input_Voltage", 144, 2);
    public static readonly ServoRegister PresentTemperature = new("Present_Temperature", 146, 1);

    /// <summary>What <see cref="HardwareError"/> says is wrong with a servo.</summary>
    public static ServoFaults FaultsOf(int hardwareError)
    {
        var faults = ServoFaults.None;
        faults |= (hardwareError & 1) != 0 ? ServoFaults.Voltage : 0;
        faults |= (hardwareError & 4) != 0 ? ServoFaults.Overheated : 0;
        faults |= (hardwareError & 8) != 0 ? ServoFaults.Angle : 0;
        faults |= (hardwareError & 16) != 0 ? ServoFaults.OverCurrent : 0;
        faults |= (hardwareError & 32) != 0 ? ServoFaults.Overload : 0;
        return faults;
    }

    /// <summary>All that arms need to know of it.</summary>
    public static readonly ServoMake Make = new()
    {
        Name = "Dynamixel",
        Protocol = new DynamixelProtocol(),
        Models = Models,
        Resolution = Resolution,
        Bauds = Bauds,
        FirstVolatile = 64,
        IsKeptWithoutTorque = true,
        OffsetSign = 1,
        LargestOffset = LargestOffset,
        CountsTurns = true,
        FullTorque = FullPwm,
        VelocitySteps = VelocitySteps,
        VoltageVolts = VoltageVolts,
        // Those of different models differ.
        Firmware = [],
        ModelNumber = ModelNumber,
        Id = Id,
        Baud = Baud,
        MinimumPosition = MinimumPosition,
        MaximumPosition = MaximumPosition,
        MinimumVoltage = MinimumVoltage,
        MaximumVoltage = MaximumVoltage,
        HomingOffset = HomingOffset,
        OperatingMode = OperatingMode,
        PositionMode = ExtendedPosition,
        DriveMode = DriveMode,
        TorqueEnable = TorqueEnable,
        GoalPosition = GoalPosition,
        Torque = GoalPwm,
        MaximumTorque = PwmLimit,
        PresentPosition = PresentPosition,
        PresentVelocity = PresentVelocity,
        PresentLoad = PresentPwm,
        PresentVoltage = PresentVoltage,
        PresentTemperature = PresentTemperature,
        PresentCurrent = PresentCurrent,
        HardwareError = HardwareError,
        HardwareFaults = FaultsOf,
    };
}
