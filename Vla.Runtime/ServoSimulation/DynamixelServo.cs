namespace Vla.Runtime.ServoSimulation;

/// <summary>A Dynamixel of the X series.</summary>
/// <remarks>
/// It counts turns from where it gets power, keeps its settings only without torque, and gives up for good what it
/// shuts down for.
/// </remarks>
internal sealed class DynamixelServo : SimulatedServo
{
    private const int SingleTurn = 3;
    private const int CurrentBased = 5;

    /// <summary>In the mode of a single turn a larger offset does not count.</summary>
    private const int LargestSingleTurnOffset = 1_024;

    private const int AccessError = 7;
    private const int RangeError = 4;
    private const double FullPwm = 885;

    /// <summary>Milliamperes at full load, blocked.</summary>
    private const double FullCurrent = 1_500;

    /// <summary>Steps a second of its unit of speed, 0.229 turns a minute.</summary>
    private const double SpeedUnit = 0.229 / 60 * Turn;

    /// <summary>So hard for so long is an overload, seconds: taken.</summary>
    private const double OverloadShare = 0.8;
    private const double OverloadSeconds = 2;

    private readonly DynamixelModel _model;
    private double _overloadedSeconds;
    private double _counted;
    private int _errors;

    /// <param name="id">Its number.</param>
    /// <param name="joint">What it turns.</param>
    /// <param name="model">Which model.</param>
    public DynamixelServo(int id, SimulatedJoint joint, DynamixelModel model)
        : base(joint, DynamixelTable.Length, DynamixelTable.FirstVolatile)
    {
        _model = model;
        Voltage = model.Volts;
        foreach (var (address, length, value) in DynamixelTable.Factory)
            Set(address, length, value);
        Set(DynamixelTable.Model, 2, model.Number);
        Set(DynamixelTable.MostTemperature, 1, model.MostTemperature);
        Set(DynamixelTable.LeastVoltage, 2, model.LeastVoltage);
        Set(DynamixelTable.MostVoltage, 2, model.MostVoltage);
        Set(DynamixelTable.CurrentLimit, 2, model.CurrentLimit);
        Set(DynamixelTable.GoalCurrent, 2, model.CurrentLimit);
        Set(DynamixelTable.Id, 1, id);
        Set(DynamixelTable.Baud, 1, 3);
        KeepAll();
        Begin();
        Show();
    }

    public override int Id => this[DynamixelTable.Id];

    public override bool HasTorque => this[DynamixelTable.TorqueEnable] == 1;

    public override double TorqueShare => (short)Word(DynamixelTable.GoalPwm) / FullPwm;

    public override int Position => Long(DynamixelTable.Position);

    public override int Baud =>
        this[DynamixelTable.Baud] switch
        {
            0 => 9_600,
            1 => 57_600,
            2 => 115_200,
            3 => 1_000_000,
            4 => 2_000_000,
            5 => 3_000_000,
            _ => 4_000_000,
        };

    public override double AnswerDelay => this[DynamixelTable.ReturnDelay] * 2e-6;

    public override bool Confirms => this[DynamixelTable.AnswersTo] == 2;

    public override byte Faults => (byte)_errors;

    public override byte[] PingData => [this[0], this[1], this[DynamixelTable.Firmware]];

    protected override double GoalAngle
    {
        get
        {
            var goal = Long(DynamixelTable.Goal);
            if (this[DynamixelTable.Mode] == SingleTurn)
                goal = Math.Clamp(goal, Long(DynamixelTable.LeastPosition), Long(DynamixelTable.MostPosition));
            return Sign * (goal - Offset) + _counted;
        }
    }

    protected override double TorqueNow
    {
        get
        {
            var share = TorqueShare;
            return this[DynamixelTable.Mode] == CurrentBased && _model.CurrentLimit > 0
                ? Math.Min(share, (short)Word(DynamixelTable.GoalCurrent) / FullCurrent)
                : share;
        }
    }

    private int Sign => (this[DynamixelTable.DriveMode] & 1) != 0 ? -1 : 1;

    private int Offset
    {
        get
        {
            var offset = Long(DynamixelTable.Offset);
            var counts = this[DynamixelTable.Mode] != SingleTurn || Math.Abs(offset) <= LargestSingleTurnOffset;
            return counts ? offset : 0;
        }
    }

    public override int Write(int address, ReadOnlySpan<byte> bytes)
    {
        if (address + bytes.Length > DynamixelTable.Length || address >= DynamixelTable.Moving)
            return AccessError;
        if (IsKept(address) && HasTorque)
            return AccessError;
        if (address == DynamixelTable.Baud && bytes[0] > 6)
            return RangeError;
        // One that has shut down takes no torque until it was without power.
        if (address == DynamixelTable.TorqueEnable && bytes[0] == 1 && _errors != 0)
            return AccessError;
        for (var i = 0; i < bytes.Length; i++)
        {
            var at = address + i;
            if (at is <= DynamixelTable.Firmware or DynamixelTable.HardwareError)
                continue;
            this[at] = bytes[i];
            if (IsKept(at))
                Keep(at);
        }

        if (address == DynamixelTable.Mode)
            Set(DynamixelTable.GoalPwm, 2, Word(DynamixelTable.PwmLimit));
        Show();
        return 0;
    }

    public override void Calibrate()
    {
        var (middle, least, most) = (Middle(Joint), 0, Turn - 1);
        if (Joint.FirstStop > 0)
            (least, most) = (2_047 - HalfOf(Joint), 2_047 + HalfOf(Joint));
        Write(DynamixelTable.Mode, [4]);
        Write(DynamixelTable.Offset, BitConverter.GetBytes(2_047 - Sign * middle));
        Write(DynamixelTable.LeastPosition, BitConverter.GetBytes(least));
        Write(DynamixelTable.MostPosition, BitConverter.GetBytes(most));

        static int Middle(SimulatedJoint joint) => (int)((joint.FirstStop + joint.LastStop) / 2);
        static int HalfOf(SimulatedJoint joint) => (int)((joint.LastStop - joint.FirstStop) / 2);
    }

    protected override void Begin()
    {
        for (var address = DynamixelTable.FirstVolatile; address < DynamixelTable.Length; address++)
            this[address] = 0;
        foreach (var (address, length, value) in DynamixelTable.Factory)
        {
            if (!IsKept(address))
                Set(address, length, value);
        }

        Set(DynamixelTable.GoalPwm, 2, Word(DynamixelTable.PwmLimit));
        Set(DynamixelTable.GoalCurrent, 2, Word(DynamixelTable.CurrentLimit));
        // It knows where in its turn it is, and not which turn that is.
        _counted = Math.Floor(Angle / Turn) * Turn;
        (_overloadedSeconds, _errors) = (0, 0);
    }

    protected override void Watch(double seconds)
    {
        var volts = Voltage * 10;
        if (volts > Word(DynamixelTable.MostVoltage) || volts < Word(DynamixelTable.LeastVoltage))
            _errors |= 1;
        if (Temperature > this[DynamixelTable.MostTemperature])
            _errors |= 4;
        _overloadedSeconds = HasTorque && Math.Abs(Load) >= OverloadShare ? _overloadedSeconds + seconds : 0;
        if (_overloadedSeconds > OverloadSeconds)
            _errors |= 32;
        if ((_errors & this[DynamixelTable.Shutdown]) != 0)
            this[DynamixelTable.TorqueEnable] = 0;
    }

    protected override void Show()
    {
        Set(DynamixelTable.HardwareError, 1, _errors);
        Set(DynamixelTable.Position, 4, Sign * (int)Math.Round(Angle - _counted) + Offset);
        Set(DynamixelTable.Velocity, 4, Sign * (int)(Speed / SpeedUnit));
        Set(DynamixelTable.Pwm, 2, Sign * (int)(Load * FullPwm));
        var current = _model.CurrentLimit > 0 ? Pushing * FullCurrent : Load * 1_000;
        Set(DynamixelTable.Current, 2, Sign * (int)current);
        Set(DynamixelTable.Voltage, 2, (int)Math.Round(Voltage * 10));
        Set(DynamixelTable.Temperature, 1, (int)Temperature);
        Set(DynamixelTable.Moving, 1, Math.Abs(Speed) > 10 ? 1 : 0);
    }
}
