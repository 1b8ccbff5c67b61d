; The set-up program of EQS Workstation for 64-bit Windows. Called by installer/build.py.
;
; Without a window:   EQS-Setup-VERSION.exe /S [/DESKTOP] [/LISTENER] [/FIREWALL] [/PORT=11112]
;                     [/NOSELFTEST] [/D=C:\folder]        (/D comes last and has no quotes)
; Exit codes: 0 installed, 2 not installed, 3 the program is running, 4 installed without the
; firewall rule, 5 installed, but the self-test failed.
; Removing:           "C:\...\uninstall.exe" /S           keeps archive, log and clinic tables

Unicode true
Target amd64-unicode
SetCompressor ${COMPRESSION}
RequestExecutionLevel admin
ManifestDPIAware true
XPStyle on

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include x64.nsh
!include WinVer.nsh

!define NAME "EQS Workstation"
!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\EQS Workstation"
!define RULE "EQS Workstation DICOM listener"
!define LISTENER_LINK "$SMSTARTUP\EQS archive listener.lnk"

; The set-up and the uninstaller in it are signed by the command that EQS_SIGN names.
!ifdef SIGN
  !finalize '${SIGN} "%1"' = 0
  !uninstfinalize '${SIGN} "%1"' = 0
!endif

Name "${NAME} ${VERSION}"
OutFile "${OUTPUT}"
InstallDir "$PROGRAMFILES64\${NAME}"
BrandingText "${NAME} ${VERSION}"
VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "${NAME}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "Set-up of ${NAME}"
VIAddVersionKey LegalCopyright "MIT licence; licences of the parts in the folder licences"

Var Port
Var Result

!define MUI_ABORTWARNING
!define MUI_WELCOMEPAGE_TEXT "This installs ${NAME} ${VERSION} for every user of this computer. \
No network is needed. An earlier version is replaced; archive, log and the clinic's tables stay.\
$\r$\n$\r$\nThe program does not replace the physicist's own judgement."
!define MUI_FINISHPAGE_RUN "$INSTDIR\python\pythonw.exe"
!define MUI_FINISHPAGE_RUN_PARAMETERS "-m eqs --demo"
!define MUI_FINISHPAGE_RUN_TEXT "Open it with the demonstration patient"
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_LICENSE "${STAGE}\LICENSE.txt"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; A number that the person who installs without a window can look at, and a sentence for the other.
!macro Fail CODE SENTENCE
  SetErrorLevel ${CODE}
  DetailPrint "${SENTENCE}"
  MessageBox MB_OK|MB_ICONSTOP "${SENTENCE}" /SD IDOK
!macroend

; Windows does not let a running program be written to: nothing is touched while it runs.
!macro StopWhenRunning FILE REMEDY
  ${If} ${FileExists} "$INSTDIR\python\${FILE}"
    ClearErrors
    FileOpen $R3 "$INSTDIR\python\${FILE}" a
    ${If} ${Errors}
      !insertmacro Fail 3 "${NAME} is running. Close it on every desktop, then ${REMEDY}."
      Abort
    ${EndIf}
    FileClose $R3
  ${EndIf}
!macroend

Section "!Program" SecProgram
  SectionIn RO
  !insertmacro StopWhenRunning "pythonw.exe" "install again"
  !insertmacro StopWhenRunning "python.exe" "install again"
  ; Nor does it let a folder be renamed of which a library is in use.
  ${If} ${FileExists} "$INSTDIR\python\*.*"
    RMDir /r "$INSTDIR\python.old"
    ClearErrors
    Rename "$INSTDIR\python" "$INSTDIR\python.old"
    ${If} ${Errors}
      !insertmacro Fail 3 "${NAME} is running. Close it on every desktop, then install again."
      Abort
    ${EndIf}
  ${EndIf}
  RMDir /r "$INSTDIR\licences"
  ClearErrors
  SetOutPath "$INSTDIR"
  File /r "${STAGE}\*.*"
  ${If} ${Errors}
    RMDir /r "$INSTDIR\python"
    Rename "$INSTDIR\python.old" "$INSTDIR\python"
    !insertmacro Fail 2 "The files could not be written to $INSTDIR. Check rights and disk space."
    Abort
  ${EndIf}
  RMDir /r "$INSTDIR\python.old"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKLM "${KEY}" "DisplayName" "${NAME}"
  WriteRegStr HKLM "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${KEY}" "Publisher" "${NAME}"
  WriteRegStr HKLM "${KEY}" "DisplayIcon" "$INSTDIR\uninstall.exe"
  WriteRegStr HKLM "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKLM "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKLM "${KEY}" "EstimatedSize" ${SIZE_KB}
  WriteRegDWORD HKLM "${KEY}" "NoModify" 1
  WriteRegDWORD HKLM "${KEY}" "NoRepair" 1
  ; Links start in the program's folder.
  CreateDirectory "$SMPROGRAMS\${NAME}"
  CreateShortcut "$SMPROGRAMS\${NAME}\${NAME}.lnk" "$INSTDIR\python\pythonw.exe" "-m eqs"
  CreateShortcut "$SMPROGRAMS\${NAME}\Demonstration patient.lnk" \
    "$INSTDIR\python\pythonw.exe" "-m eqs --demo"
  CreateShortcut "$SMPROGRAMS\${NAME}\Self-test.lnk" "$SYSDIR\cmd.exe" \
    '/k ""$INSTDIR\eqs.cmd" selftest"'
SectionEnd

Section "Link on every desktop" SecDesktop
  CreateShortcut "$DESKTOP\${NAME}.lnk" "$INSTDIR\python\pythonw.exe" "-m eqs"
SectionEnd

Section /o "Start the archive's listener at log-on" SecListener
  CreateShortcut "${LISTENER_LINK}" "$INSTDIR\python\pythonw.exe" "-m eqs archive serve"
SectionEnd

Section /o "Let other computers reach the listener (firewall)" SecFirewall
  nsExec::ExecToLog 'netsh advfirewall firewall delete rule name="${RULE}"'
  Pop $Result
  nsExec::ExecToLog 'netsh advfirewall firewall add rule name="${RULE}" dir=in action=allow \
    program="$INSTDIR\python\pythonw.exe" protocol=TCP localport=$Port profile=domain,private'
  Pop $Result
  ${If} $Result != 0
    !insertmacro Fail 4 "The firewall rule was not made ($Result). Ask your IT to open port $Port."
  ${EndIf}
SectionEnd

Section "Try every part after installing (one minute)" SecSelfTest
  ${If} ${FileExists} "$INSTDIR\python\python.exe"
    DetailPrint "Self-test ..."
    nsExec::ExecToLog '"$INSTDIR\python\python.exe" -m eqs selftest'
    Pop $Result
    ${If} $Result != 0
      !insertmacro Fail 5 "The self-test failed. Do not use the program; see 'Self-test' in the \
        start menu and tell support what it says."
    ${EndIf}
  ${EndIf}
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${SecListener} "Receives DICOM objects while somebody is \
    logged on. Who may send stands in archive.toml."
  !insertmacro MUI_DESCRIPTION_TEXT ${SecFirewall} "Without it only this computer reaches the \
    listener. Domain and private networks only."
!insertmacro MUI_FUNCTION_DESCRIPTION_END

!macro Everyone
  SetRegView 64
  SetShellVarContext all
!macroend

; Select a section when its switch is given; for a set-up without a window only.
!macro Switch SECTION WORD
  ClearErrors
  ${GetOptions} $R0 "/${WORD}" $R1
  ${IfNot} ${Errors}
    !insertmacro SelectSection ${SECTION}
  ${Else}
    !insertmacro UnselectSection ${SECTION}
  ${EndIf}
!macroend

Function .onInit
  !insertmacro Everyone
  ${IfNot} ${RunningX64}
    !insertmacro Fail 2 "${NAME} needs 64-bit Windows."
    Abort
  ${EndIf}
  ${IfNot} ${AtLeastWin10}
    !insertmacro Fail 2 "${NAME} needs Windows 10 or newer."
    Abort
  ${EndIf}
  ; An upgrade goes where the earlier version lies, unless /D says otherwise.
  ReadRegStr $R2 HKLM "${KEY}" "InstallLocation"
  ${If} $R2 != ""
  ${AndIf} $INSTDIR == "$PROGRAMFILES64\${NAME}"
    StrCpy $INSTDIR $R2
  ${EndIf}
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/PORT=" $Port
  ${If} ${Errors}
  ${OrIf} $Port == ""
    StrCpy $Port 11112
  ${EndIf}
  ${If} ${Silent}
    !insertmacro Switch ${SecDesktop} "DESKTOP"
    !insertmacro Switch ${SecListener} "LISTENER"
    !insertmacro Switch ${SecFirewall} "FIREWALL"
    ClearErrors
    ${GetOptions} $R0 "/NOSELFTEST" $R1
    ${IfNot} ${Errors}
      !insertmacro UnselectSection ${SecSelfTest}
    ${EndIf}
  ${EndIf}
FunctionEnd

Function un.onInit
  !insertmacro Everyone
FunctionEnd

; Takes away what the set-up has laid, name by name; a folder only when nothing else is in it.
Section "Uninstall"
  !insertmacro StopWhenRunning "pythonw.exe" "try again"
  !insertmacro StopWhenRunning "python.exe" "try again"
  ${If} ${FileExists} "$INSTDIR\python\*.*"
    ClearErrors
    Rename "$INSTDIR\python" "$INSTDIR\python.old"
    ${If} ${Errors}
      !insertmacro Fail 3 "${NAME} is running. Close it on every desktop, then try again."
      Abort
    ${EndIf}
  ${EndIf}
  RMDir /r "$INSTDIR\python.old"
  RMDir /r "$INSTDIR\licences"
  Delete "$INSTDIR\eqs.cmd"
  Delete "$INSTDIR\files.sha256"
  Delete "$INSTDIR\LICENSE.txt"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  RMDir /r "$SMPROGRAMS\${NAME}"
  Delete "$DESKTOP\${NAME}.lnk"
  ${If} ${FileExists} "${LISTENER_LINK}"
    Delete "${LISTENER_LINK}"
  ${EndIf}
  nsExec::ExecToLog 'netsh advfirewall firewall delete rule name="${RULE}"'
  Pop $Result
  DeleteRegKey HKLM "${KEY}"
SectionEnd
